/** Tributary with events whose data are bytes that nobody decodes: what is left of `tributary` without the order's Avro. */
import { defineEvent, handle as handleEvent } from '@tributary/event-bus'
import { sequenceIn } from '../orders/order.ts'
import type { Contender, Target } from './contender.ts'
import { busFor, serve } from './tributary.ts'

const parcelSchema = {
  type: 'record',
  name: 'Parcel',
  namespace: 'bench',
  fields: [
    { name: 'customerId', type: 'string' },
    { name: 'content', type: 'bytes' },
  ],
} as const

function parcelEvent(topic: string) {
  return defineEvent({ type: 'parcel.sent', topic, key: ({ customerId }) => customerId, schema: parcelSchema })
}

export const tributaryBytes: Contender = {
  form: 'parcels',
  worksAt: ['drain'],
  openPublisher(target: Target) {
    const bus = busFor(target)
    const event = parcelEvent(target.topic)
    return Promise.resolve({
      publishMany: (orders) =>
        bus.publishMany(
          event,
          orders.map(({ key: customerId, bytes: content }) => ({ customerId, content })),
        ),
      publish: ({ key: customerId, bytes: content }) => bus.publish(event, { customerId, content }),
      close: () => bus.close(),
    })
  },
  consume: (source, handle) =>
    serve(source, [
      handleEvent(parcelEvent(source.topic), ({ data: { content } }) => handle(sequenceIn(content), content)),
    ]),
}
