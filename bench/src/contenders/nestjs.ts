import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientKafka, EventPattern, type KafkaOptions, Payload, Transport } from '@nestjs/microservices'
import { firstValueFrom } from 'rxjs'
import { sequenceIn } from '../orders/order.ts'
import type { Contender, OrderHandler } from './contender.ts'

export const nestjs: Contender = {
  form: 'text',
  worksAt: ['batches', 'calls', 'drain', 'flow'],
  async openPublisher({ brokers, topic }) {
    const client = new ClientKafka({
      client: { clientId: 'bench', brokers: [...brokers] },
      producerOnlyMode: true,
      send: { acks: -1 },
    })
    await client.connect()
    return {
      publishMany: (orders) =>
        firstValueFrom(client.emitBatch(topic, { messages: orders.map(({ key, bytes }) => ({ key, value: bytes })) })),
      publish: ({ key, bytes }) => firstValueFrom(client.emit(topic, { key, value: bytes })),
      close: () => client.close(),
    }
  },
  async consume({ brokers, topic, group }, handle) {
    const options: KafkaOptions = {
      transport: Transport.KAFKA,
      options: {
        client: { clientId: 'bench', brokers: [...brokers] },
        consumer: { groupId: group },
        subscribe: { fromBeginning: true },
        // Otherwise it makes text of the value, and an object of what looks like JSON.
        parser: { keepBinary: true },
      },
    }
    const application = await NestFactory.createMicroservice(moduleWith(topic, handle), { ...options, logger: false })
    await application.listen()
    return { close: () => application.close() }
  },
}

/** What decorators in the source would do; Node runs TypeScript without them. */
function moduleWith(topic: string, handle: OrderHandler): new () => object {
  class Orders {
    on(value: Buffer): void | Promise<void> {
      return handle(sequenceIn(value), value)
    }
  }
  const method = Object.getOwnPropertyDescriptor(Orders.prototype, 'on') as PropertyDescriptor
  Payload()(Orders.prototype, 'on', 0)
  EventPattern(topic)(Orders.prototype, 'on', method)
  Controller()(Orders)
  class Application {}
  Module({ controllers: [Orders] })(Application)
  return Application
}
