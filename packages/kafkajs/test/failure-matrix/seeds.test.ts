/** Bus and driver under seeds, on the embedded broker: faults of the wire at moments that nobody chose. Real time, so few of them; the many are simulated. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiName, ErrorName } from '@tributary/embedded-kafka'
import { type SeededRandom, seededRandom } from '@tributary/testing/simulation'
import { describe, it } from 'vitest'
import { GROUP, orderPlaced } from './order-placed.ts'
import { type World, world } from './world.ts'

const SEEDS = 12
const FAULTS = 12
const CALLS = 8
const BROKERS = 2
const PARTITIONS = 3

const ERRORS: readonly (readonly [api: ApiName, errors: readonly ErrorName[]])[] = [
  ['Produce', ['NOT_LEADER_OR_FOLLOWER', 'REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND']],
  ['Fetch', ['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_LEADER_EPOCH']],
  ['ListOffsets', ['NOT_LEADER_OR_FOLLOWER']],
  ['OffsetCommit', ['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']],
  ['OffsetFetch', ['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR']],
  ['Heartbeat', ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR']],
  ['JoinGroup', ['UNKNOWN_MEMBER_ID', 'COORDINATOR_NOT_AVAILABLE']],
  ['SyncGroup', ['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION']],
  ['FindCoordinator', ['COORDINATOR_NOT_AVAILABLE']],
]

/** One fault, staged or done at once. */
function disturb({ kafka }: World, random: SeededRandom): void {
  const broker = random.between(0, BROKERS - 1)
  const dice = random.between(1, 12)
  if (dice === 1) kafka.moveCoordinator(GROUP, broker)
  else if (dice === 2) kafka.moveLeader(orderPlaced.topic, random.between(0, PARTITIONS - 1), broker)
  else if (dice === 3) kafka.cutConnections({ broker })
  else stage(kafka, random)
}

function stage({ faults }: World['kafka'], random: SeededRandom): void {
  const [api, errors] = random.pick(ERRORS)
  const when = random.pick(['before', 'after'] as const)
  const choice = faults.on(api, { nth: random.between(1, 6), times: random.between(1, 3) })
  const kind = random.pick(['error', 'error', 'drop', 'delay', 'never'])
  if (kind === 'error') choice.failWith(random.pick(errors), when)
  else if (kind === 'drop') choice.dropConnection(when)
  else if (kind === 'delay') choice.delay(random.between(10, 400), when)
  else choice.never(when)
}

describe('faults of the wire from seeds', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`lose nothing and stop nothing: seed ${seed}`, { timeout: 60_000 }, async () => {
      const random = seededRandom(seed)
      const w = await world({ kafka: { brokers: BROKERS }, partitions: PARTITIONS })
      const handle = async ({ data }: { readonly data: { readonly n: number } }): Promise<void> => {
        await sleep(data.n % 5)
        if (data.n % 17 === 3) throw new Error('as planned')
      }
      const first = await w.member(handle)
      let joining: Promise<unknown> = Promise.resolve()
      const publishes: Promise<unknown>[] = []
      const disturbances = Array.from({ length: FAULTS }, () => random.between(0, CALLS - 1))
      const joinsAt = random.between(1, CALLS - 1)
      const leavesAt = random.chance(0.5) ? random.between(joinsAt, CALLS - 1) : null
      for (let call = 0; call < CALLS; call += 1) {
        for (const at of disturbances) if (at === call) disturb(w, random)
        if (call === joinsAt) joining = w.member(handle)
        // An unknown answer may be repeated by nobody: what is on the log counts, not what was meant to be.
        publishes.push(w.publish(10, { from: call * 10 }).catch(() => {}))
        await sleep(random.between(10, 120))
        w.checkNothingLost()
        if (call === leavesAt) await Promise.all([first.close(), joining])
      }
      w.kafka.faults.clear()
      await Promise.all([joining, ...publishes])
      await w.settled(30_000)
    })
  }
})
