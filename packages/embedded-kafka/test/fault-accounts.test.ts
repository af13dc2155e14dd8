import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, EmbeddedKafkaFaultError, startEmbeddedKafka } from '../src/index.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'

const batch = recordBatch([{ value: 'a' }])
const storageError = 56

async function setUp() {
  const warnings: string[] = []
  const kafka = await startEmbeddedKafka({ warn: (message) => warnings.push(message) })
  kafka.createTopic('orders')
  const client = await connectRaw(kafka.bootstrapServers[0], 'shop')
  return { kafka, client, warnings, [Symbol.asyncDispose]: () => kafka.close() }
}

describe('which requests', () => {
  it('every third, until it is removed', async () => {
    await using ready = await setUp()
    const fault = ready.kafka.faults.on('Produce', { every: 3 }).failWith('KAFKA_STORAGE_ERROR')
    const send = async (): Promise<number> => (await produceTo(ready.client, 'orders', batch))[0] ?? -1
    const errors: number[] = []
    for (let count = 0; count < 7; count++) errors.push(await send())
    expect(errors).toEqual([0, 0, storageError, 0, 0, storageError, 0])
    expect(fault).toMatchObject({ count: 2, matched: 7 })
    fault.remove()
    expect([await send(), await send()]).toEqual([0, 0])
  })

  it('of any API, all those of one client', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const seen: string[] = []
    kafka.faults
      .onAny({ clientId: 'shop', times: Number.POSITIVE_INFINITY })
      .run(({ api, version, broker, clientId }) => void seen.push(`${clientId} asks ${broker}: ${api} v${version}`))
    using other = await connectRaw(kafka.bootstrapServers[0], 'other')
    await other.ask('ApiVersions', 0, {})
    await client.ask('ApiVersions', 2, {})
    await produceTo(client, 'orders', batch)
    expect(seen).toEqual(['shop asks 0: ApiVersions v2', 'shop asks 0: Produce v7'])
  })

  it('of any API, those about one group', async () => {
    await using ready = await setUp()
    ready.kafka.faults.onAny({ group: 'billing' }).failWith('NOT_COORDINATOR')
    const describeGroup = (group: string) => ready.client.ask('DescribeGroups', 0, { groups: [group] })
    expect(await describeGroup('other')).toMatchObject({ groups: [{ errorCode: 0 }] })
    expect(await describeGroup('billing')).toMatchObject({ groups: [{ errorCode: 16 }] })
  })

  it('a write to the disk is none', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const any = kafka.faults.onAny({ times: Number.POSITIVE_INFINITY }).run(() => {})
    kafka.faults.diskFull({ topic: 'orders' })
    expect(await produceTo(client, 'orders', batch)).toEqual([storageError])
    expect(any.matched).toBe(1)
  })
})

describe('a mistake', () => {
  const mistaken: [string, (kafka: EmbeddedKafka) => unknown, string][] = [
    [
      'a partition without its topic',
      // @ts-expect-error a partition of which topic?
      ({ faults }) => faults.on('Produce', { partition: 1 }),
      "faults.on('Produce', { partition: 1 }): partition is given without its topic",
    ],
    [
      'an API that nobody knows',
      // @ts-expect-error there is no such API
      ({ faults }) => faults.on('Publish'),
      "faults.on('Publish'): there is no such API",
    ],
    [
      'a topic where requests name none',
      // @ts-expect-error a heartbeat is for a group
      ({ faults }) => faults.on('Heartbeat', { topic: 'orders' }),
      "faults.on('Heartbeat', { topic: 'orders' }): its requests name no topic",
    ],
    [
      'an error that nobody knows',
      // @ts-expect-error there is no such error
      ({ faults }) => faults.on('Produce').failWith('TOO_MUCH'),
      "faults.on('Produce').failWith('TOO_MUCH'): this is no error of the protocol",
    ],
    [
      'no error at all',
      ({ faults }) => faults.on('Produce').failWith('NONE'),
      "faults.on('Produce').failWith('NONE'): this is no error of the protocol",
    ],
    [
      'leaving out a part of what has none',
      // @ts-expect-error a heartbeat has one answer
      ({ faults }) => faults.on('Heartbeat').leaveOut(),
      "faults.on('Heartbeat').leaveOut(): its answers have no parts that could be left out",
    ],
    [
      'a partition without its topic, of the disk',
      // @ts-expect-error a partition of which topic?
      ({ faults }) => faults.diskFull({ partition: 1 }),
      'faults.diskFull({ partition: 1 }): partition is given without its topic',
    ],
    [
      'nobody knows when',
      // @ts-expect-error before or after?
      ({ faults }) => faults.on('Produce').dropConnection(),
      "faults.on('Produce').dropConnection(): before or after the request is applied?",
    ],
    [
      'a length that cannot be',
      ({ faults }) => faults.on('Fetch').cutAnswerAfter(-1),
      "faults.on('Fetch').cutAnswerAfter(-1): bytes is no whole number from 0 on",
    ],
    [
      'a time that cannot be',
      ({ faults }) => faults.on('Fetch').delay(-1, 'after'),
      "faults.on('Fetch').delay(-1, 'after'): this is no time",
    ],
  ]

  it.each(mistaken)('is refused where it is made: %s', async (_what, make, message) => {
    await using kafka = await startEmbeddedKafka()
    expect(() => make(kafka)).toThrow(new EmbeddedKafkaFaultError(message))
    kafka.faults.assertAllHappened()
  })
})

describe('happened', () => {
  it('rejects when the fault is removed before, and says what came its way', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const fault = kafka.faults.on('Produce', { topic: 'orders', nth: 2 }).dropConnection('after')
    await produceTo(client, 'orders', batch)
    const waiting = fault.happened()
    kafka.faults.clear()
    await expect(waiting).rejects.toThrow(
      "faults.on('Produce', { topic: 'orders', nth: 2 }).dropConnection('after') was removed while 1 were awaited: " +
        '1 matched, and it hit 0 of 1',
    )
  })

  it('rejects at the end of the cluster, so that nobody waits for ever', async () => {
    const kafka = await startEmbeddedKafka()
    const waiting = kafka.faults.on('Produce').never().happened()
    await kafka.close()
    await expect(waiting).rejects.toThrow(EmbeddedKafkaFaultError)
  })

  it('rejects at once when it cannot happen so often', async () => {
    await using kafka = await startEmbeddedKafka()
    const fault = kafka.faults.on('Produce', { times: 2 }).never()
    await expect(fault.happened(3)).rejects.toThrow('can happen 2 times, not 3')
  })

  it('rejects with what a run threw, whose connection is closed', async () => {
    await using ready = await setUp()
    const { kafka, client, warnings } = ready
    const fault = kafka.faults.on('Produce').run(() => {
      throw new Error('a typo')
    })
    const waiting = fault.happened()
    await expect(produceTo(client, 'orders', batch)).rejects.toThrow('closed the connection')
    await expect(waiting).rejects.toThrow('a typo')
    await expect(fault.happened()).rejects.toMatchObject({ cause: { message: 'a typo' } })
    expect(() => kafka.faults.assertAllHappened()).toThrow('a typo')
    expect(warnings).toEqual([expect.stringContaining('a typo')])
    expect(kafka.log('orders', 0)).toEqual([])
  })

  it('does not forget a run that threw once among many', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const always = { times: Number.POSITIVE_INFINITY }
    const fault = kafka.faults.on('Produce', always).run(() => {
      if (fault.count === 1) throw new Error('the second time')
    })
    await produceTo(client, 'orders', batch)
    await expect(produceTo(client, 'orders', batch)).rejects.toThrow('closed the connection')
    kafka.faults.on('Fetch', always).run(() => {})
    expect(() => kafka.faults.assertAllHappened()).toThrow('the second time')
  })

  it('counts the refusal of a producer that wants no answer', async () => {
    await using ready = await setUp()
    const fault = ready.kafka.faults.on('Produce').failWith('NOT_LEADER_OR_FOLLOWER')
    await expect(produceTo(ready.client, 'orders', batch, { acks: 0 })).rejects.toThrow('closed the connection')
    await fault.happened()
  })
})

describe('assertAllHappened', () => {
  it('names every fault that did not happen as often as it should', async () => {
    await using ready = await setUp()
    const { faults } = ready.kafka
    faults.on('Produce').failWith('NOT_LEADER_OR_FOLLOWER')
    faults.on('Produce', { topic: 'order' }).failWith('KAFKA_STORAGE_ERROR')
    faults.on('Produce', { topic: 'orders', times: 3 }).delay(0, 'after')
    faults.on('Produce', { times: Number.POSITIVE_INFINITY }).delay(0, 'before')
    faults.diskFull({ topic: 'orders', times: Number.POSITIVE_INFINITY }, 10)
    faults.on('Produce', { clientId: 'nobody' }).never().remove()
    await produceTo(ready.client, 'orders', batch)
    expect(() => faults.assertAllHappened()).toThrow(
      [
        '3 staged faults have not happened:',
        "  faults.on('Produce', { topic: 'order' }).failWith('KAFKA_STORAGE_ERROR'): 0 matched, and it hit 0 of 1",
        "  faults.on('Produce', { topic: 'orders', times: 3 }).delay(0, 'after'): 1 matched, and it hit 1 of 3",
        "  faults.diskFull({ topic: 'orders', times: Infinity }, 10): 0 matched, and it hit 0",
      ].join('\n'),
    )
    faults.clear()
    faults.assertAllHappened()
  })

  it('does not forget those that had their turn and were overtaken by the end of the connection', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.faults.on('Produce').dropConnection('before')
    kafka.faults.on('Produce').delay(0, 'after')
    await expect(produceTo(client, 'orders', batch)).rejects.toThrow('closed the connection')
    expect(() => kafka.faults.assertAllHappened()).toThrow('1 staged faults have not happened')
  })
})
