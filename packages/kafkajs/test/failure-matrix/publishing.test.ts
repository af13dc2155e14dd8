/** What publishers are told is held against what lies on the log, while the cluster misbehaves under them. */
import type { EmbeddedKafka } from '@tributary/embedded-kafka'
import {
  createEventBus,
  type EventBus,
  headerText,
  type PublishedEvent,
  type PublishOutcome,
} from '@tributary/event-bus'
import { expect, it, onTestFinished } from 'vitest'
import { stage } from '../stage.ts'
import { orderPlaced } from './order-placed.ts'

const PARTITIONS = 6
const TOPIC = orderPlaced.topic

interface Told {
  readonly id: string
  readonly key: string
  readonly published: PublishedEvent | null
  readonly outcome: PublishOutcome | 'resolved'
}

/** Events of one key, one after the other, until `isOver`; each with what its publisher was told. */
async function publishOneKey(bus: EventBus, key: string, isOver: () => boolean): Promise<Told[]> {
  const told: Told[] = []
  for (let n = 0; !isOver(); n++) {
    const id = `${key}-${n}`
    told.push(
      await bus.publish(orderPlaced, { orderId: key, n }, { id, timeoutMs: 10_000 }).then(
        (published): Told => ({ id, key, published, outcome: 'resolved' }),
        (error: { outcome: PublishOutcome }): Told => ({ id, key, published: null, outcome: error.outcome }),
      ),
    )
  }
  return told
}

/** What the log contradicts in what publishers were told; empty when every word holds. */
function lies(kafka: EmbeddedKafka, told: readonly Told[]): string[] {
  const places = new Map<string, { partition: number; offset: bigint }[]>()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const { headers, offset } of kafka.log(TOPIC, partition)) {
      const id = headerText(headers, 'ce_id') ?? ''
      places.set(id, [...(places.get(id) ?? []), { partition, offset }])
    }
  }
  const found: string[] = []
  const lastOffset = new Map<string, bigint>()
  for (const { id, key, published, outcome } of told) {
    const [place, ...more] = places.get(id) ?? []
    if (more.length > 0) found.push(`${id} is on the log ${more.length + 1} times`)
    if (outcome === 'not-written' && place !== undefined) found.push(`${id} was said not to be written and is there`)
    if (published === null) continue
    if (place === undefined) found.push(`${id} was acknowledged and is not on the log`)
    else if (place.partition !== published.partition || place.offset !== published.offset)
      found.push(`${id} is not where its publisher was told`)
    else if (place.offset <= (lastOffset.get(key) ?? -1n)) found.push(`${id} was overtaken by a later event of its key`)
    else lastOffset.set(key, place.offset)
  }
  return found
}

/** What goes wrong, in order. Each waits for the fact that it has hit somebody. */
async function misbehave(kafka: EmbeddedKafka): Promise<void> {
  for (const when of ['before', 'after'] as const) {
    await kafka.faults.on('Produce', { times: 3 }).dropConnection(when).happened(3)
  }
  await kafka.faults.on('Produce').never('after').happened(1)
  await kafka.faults.on('Produce', { times: 4 }).failWith('NOT_LEADER_OR_FOLLOWER', 'after').happened(4)
  for (let partition = 0; partition < PARTITIONS; partition++) kafka.moveLeader(TOPIC, partition, (partition + 1) % 3)
  await kafka.faults.on('Produce').delay(600, 'after').happened(1)
  await kafka.stopBroker(1)
  await kafka.faults.on('Produce', { times: 20 }).delay(0, 'before').happened(20)
  await kafka.startBroker(1)
  kafka.cutConnections()
  await kafka.faults.on('Produce', { times: 20 }).delay(0, 'before').happened(20)
}

it('every publish that resolved is on the log once, in the order of its key, whatever brokers did meanwhile', async () => {
  const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
  kafka.createTopic(TOPIC, { partitions: PARTITIONS })
  const bus = createEventBus({ source: 'test', driver, publish: { maxBatchRecords: 7, maxBufferedRecords: 40 } })
  onTestFinished(() => bus.close())

  let isOver = false
  const callers = Array.from({ length: 60 }, (_, n) => publishOneKey(bus, `key-${n}`, () => isOver))
  await misbehave(kafka)
  isOver = true
  const told = (await Promise.all(callers)).flat()

  expect(lies(kafka, told)).toEqual([])
  const resolved = told.filter(({ outcome }) => outcome === 'resolved')
  expect(new Set(resolved.map(({ key }) => key)).size).toBe(60)
  expect(resolved).toHaveLength(told.length)
})

it('publishers wait within their deadlines while all brokers are away, and go on when they are back', async () => {
  const { kafka, driver } = await stage()
  kafka.createTopic(TOPIC, { partitions: PARTITIONS })
  const bus = createEventBus({ source: 'test', driver })
  onTestFinished(() => bus.close())
  await bus.publish(orderPlaced, { orderId: 'before', n: 0 })

  await kafka.stopBroker(0)
  await expect(bus.publish(orderPlaced, { orderId: 'hasty', n: 1 }, { timeoutMs: 300 })).rejects.toMatchObject({
    code: 'PUBLISH_TIMEOUT',
  })
  const patient = bus.publish(orderPlaced, { orderId: 'patient', n: 2 }, { id: 'patient' })
  await kafka.startBroker(0)
  const { partition, offset } = await patient
  expect(headerText(kafka.log(TOPIC, partition)[Number(offset)]?.headers ?? [], 'ce_id')).toBe('patient')
})
