/** Retry topics are newly configured, one member after the other: what is on its way in them meanwhile, and who attempts it. */
import {
  applyTopics,
  defineSubscription,
  fixed,
  handle,
  planTopics,
  retryTopic,
  retryTopics,
  type Subscription,
  type SubscriptionDefinition,
} from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { GROUP, orderPlaced } from './order-placed.ts'
import { TOPIC, type World, world } from './world.ts'

const PARTITIONS = 4
const DELAY_MS = 300
const RETRY = retryTopic(TOPIC, GROUP, DELAY_MS)
/** In place; a retry topic has one more. */
const ATTEMPTS = 2
const PATIENCE = { timeout: 15_000, interval: 20 }

interface Attempt {
  readonly n: number
  readonly attempt: number
  readonly topic: string
  readonly member: string
}

interface Ended {
  readonly n: number
  readonly end: 'letter' | 'success'
  readonly attempt: number
  readonly by: string
}

type Version = 'old' | 'new'

class Deploy {
  readonly world: World
  readonly attempts: Attempt[] = []
  readonly done = new Set<number>()
  readonly #failures: (n: number) => number
  readonly #running = new Map<string, Subscription>()
  published = 0

  /** @param failures how often an event fails before it succeeds */
  constructor(w: World, failures: (n: number) => number) {
    this.world = w
    this.#failures = failures
  }

  definition(version: Version, member: string): SubscriptionDefinition {
    return defineSubscription({
      group: GROUP,
      on: [
        handle(orderPlaced, ({ data: { n }, origin }, { attempt }) => {
          this.attempts.push({ n, attempt, topic: origin.topic, member })
          if (attempt <= this.#failures(n)) throw new Error(`attempt ${attempt} fails as planned`)
          this.done.add(n)
        }),
      ],
      onFailure: {
        inPlace: { attempts: ATTEMPTS, backoff: fixed(20) },
        outage: false,
        ...(version === 'old' ? {} : { afterwards: retryTopics({ delaysMs: [DELAY_MS], order: 'overtake' }) }),
      },
      drainMs: 2_000,
      commit: { intervalMs: 50 },
      session: { sessionTimeoutMs: 2_000, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 15_000 },
      fetch: { maxWaitMs: 100 },
    })
  }

  async start(version: Version, member: string): Promise<void> {
    const subscription = this.world.bus(member).subscribe(this.definition(version, member))
    this.#running.set(member, subscription)
    await subscription.ready
  }

  async stop(member: string): Promise<void> {
    await this.#running.get(member)?.close()
  }

  async createTopics(): Promise<void> {
    const subscriptions = [this.definition('new', 'nobody')]
    const plan = planTopics({ subscriptions, defaults: { partitions: PARTITIONS, replicationFactor: 1 } })
    await applyTopics(this.world.publisher.admin, plan)
  }

  async publish(count: number): Promise<void> {
    await this.world.publish(count, { keys: 1_000, from: this.published })
    this.published += count
  }

  /** Resolves when each event has succeeded or is a dead letter, and everything of the group is committed. */
  async settled(): Promise<void> {
    await vi.waitFor(() => {
      expect(this.done.size + this.letters.length).toBe(this.published)
      expect(this.#uncommitted()).toEqual([])
    }, PATIENCE)
  }

  /** The numbers of the events that were given up. */
  get letters(): number[] {
    return this.world.deadLetters().map(({ key }) => Number(String(key).slice('order-'.length)))
  }

  /** How each event ended: after how many attempts, read from where, in a member of which version. */
  ends(): Ended[] {
    const letters = new Set(this.letters)
    return Array.from({ length: this.published }, (_, n) => {
      const { attempt = 0, topic = '', member = '' } = this.attempts.findLast((each) => each.n === n) ?? {}
      const from = topic === RETRY ? 'retry' : 'source'
      const version = member.startsWith('old') ? 'old' : 'new'
      return { n, end: letters.has(n) ? 'letter' : 'success', attempt, by: `${version} from ${from}` }
    })
  }

  #uncommitted(): string[] {
    const { kafka } = this.world
    const committed = new Map(
      kafka.committed(GROUP).map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]),
    )
    return [TOPIC, RETRY].flatMap((topic) =>
      Array.from({ length: PARTITIONS }, (_, partition) => `${topic}/${partition}`).filter(
        (place, partition) => (committed.get(place) ?? 0n) < kafka.offsets(topic, partition).endOffset,
      ),
    )
  }
}

/** Each kind of event in turn: it never fails, once, as often as is tried in place, once more, twice more, and for ever. */
const FAILURES = [0, 1, ATTEMPTS, ATTEMPTS + 1, 2 * ATTEMPTS, 99]
const failures = (n: number): number => FAILURES[n % FAILURES.length] ?? 0

/** The last attempt that each version has for a record, by where it reads it. An old member gives what it finds in a retry topic its attempts in place. */
const lastAttempt: Record<string, number> = {
  'old from source': ATTEMPTS,
  'new from retry': ATTEMPTS + 1,
  'old from retry': 2 * ATTEMPTS,
}

/** Events are counted and not attempts: a hand-over may begin those in place anew. */
function expectEachBy(deploy: Deploy): void {
  expect(new Set(deploy.letters).size).toBe(deploy.letters.length)
  for (const { n, end, attempt, by } of deploy.ends()) {
    const what = `event ${n}, ${by}: ${end} after attempt ${attempt}`
    if (end === 'success') expect(attempt, what).toBe(failures(n) + 1)
    else {
      expect(failures(n), what).toBeGreaterThanOrEqual(ATTEMPTS)
      expect(attempt, what).toBe(lastAttempt[by])
    }
  }
}

it('retry topics that members learn of one after the other, and forget again, lose nothing: each event ends as the policy of who had it last says', async () => {
  const deploy = new Deploy(await world({ partitions: PARTITIONS }), failures)
  await deploy.start('old', 'old-1')
  await deploy.start('old', 'old-2')
  await deploy.createTopics()
  await deploy.publish(36)
  await deploy.settled()
  expect(deploy.letters).toHaveLength(24)

  await deploy.start('new', 'new-1')
  await deploy.publish(60)
  await deploy.stop('old-1') // the leader so far
  await deploy.publish(60)
  // Started when the topics are there: it finds them, and reads them beside the new ones.
  await deploy.start('old', 'old-3')
  await deploy.publish(60)
  await deploy.settled()
  await deploy.start('new', 'new-2')
  await deploy.publish(60)
  await deploy.stop('old-2')
  await deploy.stop('old-3')
  const mixed = deploy.published
  await deploy.publish(60)
  await deploy.settled()
  const byNew = deploy.ends().slice(mixed)
  expect(byNew.filter(({ by }) => by.startsWith('old'))).toEqual([])
  expect(byNew.filter(({ end }) => end === 'letter').map(({ n }) => failures(n) > ATTEMPTS)).not.toContain(false)

  // Rolled back while failed events wait.
  await deploy.start('old', 'old-4')
  await deploy.publish(60)
  await vi.waitFor(
    () => expect(deploy.attempts.filter(({ n }) => n >= mixed + 60).length).toBeGreaterThan(60),
    PATIENCE,
  )
  await Promise.all([deploy.stop('new-1'), deploy.stop('new-2')])
  await deploy.settled()
  expectEachBy(deploy)
  const ways = new Set(deploy.ends().map(({ by }) => by))
  for (const way of Object.keys(lastAttempt)) expect(ways).toContain(way)
}, 60_000)
