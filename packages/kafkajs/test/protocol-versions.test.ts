/**
 * What members say to each other, byte for byte. In a rolling deploy members of two versions are in one group, and each may lead: bytes that an earlier version
 * wrote must be understood as long as it may be running, and it must understand what is written now.
 */
import type { TopicPartition } from '@tributary/event-bus'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  PROTOCOL_NAME,
} from '../src/consuming/group-protocol.ts'
import { settingsFrom } from '../src/settings.ts'
import { joinGroup, syncGroup } from '../src/wire/apis.ts'
import { Cluster } from '../src/wire/cluster.ts'
import { join } from './members.ts'
import { stage } from './stage.ts'

const orders = (...partitions: number[]): TopicPartition[] =>
  partitions.map((partition) => ({ topic: 'orders', partition }))

/** A subscription to "bills" and "orders" that owns orders 0 and 2 since generation 7: version, topics, generation as user data, owned partitions. */
const SUBSCRIPTION =
  '0001' +
  '00000002' +
  '0005' +
  '62696c6c73' +
  '0006' +
  '6f7264657273' +
  '00000004' +
  '00000007' +
  '00000001' +
  '0006' +
  '6f7264657273' +
  '00000002' +
  '00000000' +
  '00000002'

/** The first subscription of a member: to "orders", owns nothing, generation -1. */
const FIRST_SUBSCRIPTION = '0001' + '00000001' + '0006' + '6f7264657273' + '00000004' + 'ffffffff' + '00000000'

/** An assignment of orders 1: version, partitions, no user data. */
const ASSIGNMENT = '0001' + '00000001' + '0006' + '6f7264657273' + '00000001' + '00000001' + '00000000'

const OWNS_BOTH = '0001' + '00000001' + '0006' + '6f7264657273' + '00000002' + '00000000' + '00000001' + '00000000'
const OWNS_NOTHING = '0001' + '00000000' + '00000000'

/** As the Java client of Kafka 3.5 and later writes the first one: version 3 appends the generation and the rack. */
const SUBSCRIPTION_OF_JAVA = `${SUBSCRIPTION.replace(/^0001/, '0003')}00000007ffff`

describe('what members tell each other', () => {
  it('keeps its bytes', () => {
    const subscription = { topics: ['bills', 'orders'], owned: orders(0, 2), generation: 7 }
    expect(encodeSubscription(subscription).toString('hex')).toBe(SUBSCRIPTION)
    expect(encodeSubscription({ topics: ['orders'], owned: [], generation: -1 }).toString('hex')).toBe(
      FIRST_SUBSCRIPTION,
    )
    expect(encodeAssignment(orders(1)).toString('hex')).toBe(ASSIGNMENT)
    expect(PROTOCOL_NAME).toBe('cooperative-sticky')
  })

  it.each([
    ['of this version', SUBSCRIPTION],
    ['of the Java client', SUBSCRIPTION_OF_JAVA],
  ])('is understood: %s', (_, bytes) => {
    expect(decodeSubscription(Buffer.from(bytes, 'hex'))).toEqual({
      topics: ['bills', 'orders'],
      owned: orders(0, 2),
      generation: 7,
    })
    expect(decodeAssignment(Buffer.from(ASSIGNMENT, 'hex'))).toEqual(orders(1))
  })
})

describe('a member of an earlier version', () => {
  it('hands a partition to a present one, byte for byte as it always did', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const cluster = new Cluster(settingsFrom({ brokers: kafka.bootstrapServers }), 'earlier')
    onTestFinished(() => cluster.close())
    const earlier = new EarlierMember(cluster)
    await earlier.join(FIRST_SUBSCRIPTION)
    expect(await earlier.sync({ [earlier.memberId]: OWNS_BOTH })).toBe(OWNS_BOTH)

    const present = join(driver, 'orders')
    const arrived = kafka.faults.on('JoinGroup', { clientId: 'member', nth: 2 }).run(() => {})
    await arrived.happened()
    const first = await earlier.join(FIRST_SUBSCRIPTION)
    const other = first.find(({ memberId }) => memberId !== earlier.memberId)
    expect(other?.metadata).toBe(FIRST_SUBSCRIPTION)
    await earlier.sync({ [earlier.memberId]: OWNS_NOTHING, [other?.memberId ?? '']: ASSIGNMENT })
    await present.until(() => present.heard.includes('assigned 1'))
    expect(present.failure).toBeNull()
  })
})

/** Speaks nothing but the bytes that it is given. */
class EarlierMember {
  memberId = ''
  #generation = -1
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async join(subscription: string): Promise<{ memberId: string; metadata: string }[]> {
    const link = await this.#cluster.coordinatorLink('group', 'group')
    const answer = await link.call(
      joinGroup,
      {
        groupId: 'group',
        sessionTimeout: 10_000,
        rebalanceTimeout: 10_000,
        memberId: this.memberId,
        groupInstanceId: null,
        protocolType: 'consumer',
        groupProtocols: [{ name: 'cooperative-sticky', metadata: Buffer.from(subscription, 'hex') }],
      },
      10_000,
    )
    const isNamed = this.memberId !== ''
    this.memberId = answer.memberId
    this.#generation = answer.generationId
    if (!isNamed) return this.join(subscription)
    return answer.members.map(({ memberId, memberMetadata }) => ({
      memberId,
      metadata: memberMetadata.toString('hex'),
    }))
  }

  async sync(assignments: Record<string, string>): Promise<string> {
    const link = await this.#cluster.coordinatorLink('group', 'group')
    const answer = await link.call(
      syncGroup,
      {
        groupId: 'group',
        generationId: this.#generation,
        memberId: this.memberId,
        groupInstanceId: null,
        groupAssignment: Object.entries(assignments).map(([memberId, bytes]) => ({
          memberId,
          memberAssignment: Buffer.from(bytes, 'hex'),
        })),
      },
      10_000,
    )
    return answer.memberAssignment.toString('hex')
  }
}
