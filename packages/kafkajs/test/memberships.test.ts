/** What a member of a group goes through: long handlers, lost sessions, moved coordinators, other members, and the way out. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { join } from './members.ts'
import { notingLogger } from './noting-logger.ts'
import { record, stage } from './stage.ts'

describe('a handler that takes long', () => {
  it('does not cost the membership: heartbeats go on while nothing is handled', async () => {
    const { kafka, driver } = await stage({ kafka: { groupMinSessionTimeoutMs: 100 } })
    kafka.createTopic('orders')
    const member = join(driver, 'orders', { sessionTimeoutMs: 1_000, heartbeatIntervalMs: 100 })
    await member.until(() => member.heard.length === 1)
    const { memberId } = member.consumer.status()
    await new Promise((resolve) => setTimeout(resolve, 2_200))
    expect(member.consumer.status()).toMatchObject({ state: 'stable', memberId, generation: 1 })
    expect(member.heard).toEqual(['assigned 0'])
  })

  it('does not hold up the partitions that stay while another drains, and commits meanwhile', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const letGo = Promise.withResolvers<void>()
    const first = join(driver, 'orders', { drainMs: 3_000, revoking: () => letGo.promise })
    await first.until(() => first.heard.length === 1)
    const second = join(driver, 'orders')
    await first.until(() => first.heard.length === 2)
    const stays = first.heard[1] === 'revoking 0' ? 1 : 0
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: stays }, [record('meanwhile')], { timeoutMs: 5_000 })
    await first.until(() => first.values().includes('meanwhile'))
    expect(await first.commit(0, 1)).toEqual(['committed', 'committed'])
    expect(second.heard).toEqual([])
    letGo.resolve()
    await second.until(() => second.heard.length === 1)
  })
})

describe('a membership that is lost', () => {
  it.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'] as const)(
    'starts anew, in new epochs, when a heartbeat is answered with %s',
    async (error) => {
      const { kafka, driver } = await stage()
      kafka.createTopic('orders', { partitions: 2 })
      const member = join(driver, 'orders')
      await member.until(() => member.heard.length === 1)
      const before = new Map(member.epochs)
      kafka.faults.on('Heartbeat').failWith(error)
      await member.until(() => member.heard.length === 3)
      expect(member.heard).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1'])
      for (const partition of [0, 1]) expect(member.epochs.get(partition)).toBeGreaterThan(before.get(partition) ?? 0)
      const old = { topic: 'orders', partition: 0, epoch: before.get(0) ?? 0, nextOffset: 1n, metadata: '' }
      expect(await member.consumer.commit([old])).toMatchObject([{ outcome: 'fenced' }])
      expect(await member.commit(0)).toEqual(['committed'])
    },
  )

  it('gives its partitions up by itself when no heartbeat was accepted for the session timeout', async () => {
    const { kafka, driver } = await stage({ kafka: { groupMinSessionTimeoutMs: 100 } })
    kafka.createTopic('orders')
    const member = join(driver, 'orders', { sessionTimeoutMs: 1_200, heartbeatIntervalMs: 100 })
    await member.until(() => member.heard.length === 1)
    const goOn = kafka.pauseAnswers()
    await member.until(() => member.heard.includes('lost 0'))
    expect(member.consumer.status().lastError).toBeInstanceOf(Error)
    goOn()
    await member.until(() => member.heard.length === 3)
    expect(member.heard).toEqual(['assigned 0', 'lost 0', 'assigned 0'])
    await member.until(() => member.consumer.status().state === 'stable')
  })
})

describe('a member whose join is held', () => {
  const patient = { clientId: 'patient', sessionTimeoutMs: 1_200, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 30_000 }

  it('keeps what it owns for as long as the coordinator waits for others', async () => {
    const { kafka, driver } = await stage({
      kafka: { groupMinSessionTimeoutMs: 100 },
      driver: { requestTimeoutMs: 8_000 },
    })
    kafka.createTopic('orders', { partitions: 2 })
    const slow = join(driver, 'orders', { clientId: 'slow' })
    await slow.until(() => slow.heard.length === 1)
    const member = join(driver, 'orders', patient)
    await member.until(() => member.epochs.size === 1)
    const heard = [...member.heard]
    const waiting = kafka.faults.on('JoinGroup', { clientId: 'slow' }).hold('before')
    const third = join(driver, 'orders', { clientId: 'third' })
    await waiting.happened()
    // Three sessions long: beats of the member that waits are all that comes from it.
    await kafka.faults
      .on('Heartbeat', { clientId: 'patient', times: 30 })
      .run(() => {})
      .happened(30)
    expect(member.heard).toEqual(heard)
    waiting.release()
    await third.consumer.joined
  })

  // The coordinator has answered, waits one session for the sync, and gives what the member owns to the others. A member that takes its silence for patience
  // runs it beside them until the rebalance timeout.
  it('gives its partitions up after one session when the answer was lost on the way', async () => {
    const { kafka, driver } = await stage({
      kafka: { groupMinSessionTimeoutMs: 100 },
      driver: { requestTimeoutMs: 8_000 },
    })
    kafka.createTopic('orders', { partitions: 2 })
    const member = join(driver, 'orders', patient)
    await member.until(() => member.heard.length === 1)
    const lost = kafka.faults.on('JoinGroup', { clientId: 'patient' }).never()
    const other = join(driver, 'orders')
    await lost.happened()
    await member.until(() => member.heard.includes('lost 0,1'), 5_000)
    await other.until(() => other.epochs.size === 2, 5_000)
  })
})

describe('a member whose assignment comes too late', () => {
  // Frozen as well, a step later: the answer says where the partition stood before somebody else had it.
  it('does not start where it stood before the silence', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const asked = kafka.faults.on('OffsetFetch', { clientId: 'late' }).hold('after')
    const member = join(driver, 'orders', { clientId: 'late' })
    await asked.happened()
    // The heart's timers do not notice: what they would have said during the silence is still to come.
    const now = performance.now.bind(performance)
    const time = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000)
    onTestFinished(() => time.mockRestore())
    const askedAgain = kafka.faults.on('OffsetFetch', { clientId: 'late' }).hold('before')
    asked.release()
    await askedAgain.happened()
    expect(member.heard).toEqual([])
    askedAgain.release()
    await member.until(() => member.heard.length === 1)
    expect(member.heard).toEqual(['assigned 0'])
  })

  // As a process finds it that was frozen: an answer that waited in its socket, and gives it what has been somebody else's since.
  it('takes nothing of it', async () => {
    const { kafka, driver } = await stage({
      kafka: { groupMinSessionTimeoutMs: 100 },
      driver: { requestTimeoutMs: 8_000 },
    })
    kafka.createTopic('orders', { partitions: 2 })
    const deadlines = { sessionTimeoutMs: 1_200, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 30_000 }
    const member = join(driver, 'orders', { clientId: 'late', ...deadlines })
    await member.until(() => member.heard.length === 1)
    const late = kafka.faults.on('SyncGroup', { clientId: 'late' }).hold('after')
    const other = join(driver, 'orders')
    await late.happened()
    const silence = kafka.faults
      .on('Heartbeat', { clientId: 'late', times: Number.POSITIVE_INFINITY })
      .failWith('COORDINATOR_NOT_AVAILABLE')
    await other.until(() => other.epochs.size === 2)
    const again = kafka.faults.on('JoinGroup', { clientId: 'late' }).hold('before')
    late.release()
    await again.happened()
    expect(member.heard).toEqual(['assigned 0,1', 'lost 0,1'])
    silence.remove()
    again.release()
    await member.until(() => member.heard.length === 3)
  })
})

describe('a coordinator', () => {
  it('that moves interrupts nothing', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 2 } })
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.moveCoordinator('group', kafka.coordinatorOf('group') === 0 ? 1 : 0)
    expect(await member.commit(0)).toEqual(['committed'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(member.heard).toEqual(['assigned 0'])
    expect(member.consumer.status().state).toBe('stable')
  })

  it('that is loading, or unknown for a while, is waited for', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('FindCoordinator', { times: 2 }).failWith('COORDINATOR_NOT_AVAILABLE')
    kafka.faults.on('JoinGroup', { times: 2 }).failWith('COORDINATOR_LOAD_IN_PROGRESS')
    kafka.faults.on('OffsetFetch').failWith('NOT_COORDINATOR')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    expect(member.failure).toBeNull()
  })

  it('that loses the answer to a join or a sync is asked again', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('JoinGroup', { nth: 2 }).dropConnection('after')
    kafka.faults.on('SyncGroup').dropConnection('after')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    expect(member.heard).toEqual(['assigned 0'])
  })
})

describe('a commit', () => {
  it('is tried again within its time when the coordinator does not answer', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.faults.on('OffsetCommit').dropConnection('before')
    kafka.faults.on('OffsetCommit', { nth: 2 }).failWith('NOT_COORDINATOR')
    expect(await member.commit(0)).toEqual(['committed'])
  })

  it('during a rebalance is reported as failed, not as fenced, and works afterwards', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.faults.on('OffsetCommit').failWith('REBALANCE_IN_PROGRESS')
    expect(await member.commit(0)).toEqual(['failed'])
    expect(await member.commit(0)).toEqual(['committed'])
  })

  it('never takes longer than a request may, and does not reject', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.pauseAnswers()
    const startedAt = performance.now()
    expect(await Promise.all([member.commit(0), member.commit(0)])).toEqual([['failed'], ['failed']])
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })
})

describe('a topic that is made after the group was joined', () => {
  it('is said to be missing, and read within seconds of its creation, however rarely metadata are looked at', async () => {
    const warnings: string[] = []
    const { kafka, driver } = await stage({ driver: { metadataMaxAgeMs: 60_000 } })
    const member = join(driver, 'orders', { logger: notingLogger(warnings) })
    await member.until(() => warnings.length > 0)
    expect(warnings).toEqual([
      '{"group":"group","topic":"orders"} the topic is not there: create it; reading begins as soon as it is',
    ])
    kafka.createTopic('orders')
    await member.until(() => member.heard.includes('assigned 0'))
    expect(warnings).toHaveLength(1)
  })

  it('is told to the logger of the driver where it has one, and not to that of the bus', async () => {
    const toDriver: string[] = []
    const toBus: string[] = []
    const { driver } = await stage({ driver: { logger: notingLogger(toDriver) } })
    const member = join(driver, 'orders', { logger: notingLogger(toBus) })
    await member.until(() => toDriver.length > 0)
    expect(toBus).toEqual([])
  })
})

describe('two consumers of one process and one group', () => {
  it('share nothing: each knows only its own partitions and positions', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 4 })
    const producer = driver.createProducer({ clientId: 'p' })
    const [a, b] = [join(driver, 'orders', { clientId: 'a' }), join(driver, 'orders', { clientId: 'b' })]
    await a.until(() => new Set([...a.epochs.keys(), ...b.epochs.keys()]).size === 4 && b.epochs.size > 0)
    for (let index = 0; index < 40; index++) {
      await producer.append({ topic: 'orders', partition: index % 4 }, [record(`v${index}`)], { timeoutMs: 5_000 })
    }
    await a.until(() => a.values().length + b.values().length === 40)
    expect(new Set([...a.values(), ...b.values()]).size).toBe(40)
  })
})

describe('a group that other clients serve', () => {
  it('is refused with an error that says what to do', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('JoinGroup', { times: Number.POSITIVE_INFINITY }).failWith('INCONSISTENT_GROUP_PROTOCOL')
    const member = join(driver, 'orders')
    await expect(member.consumer.joined).rejects.toMatchObject({ code: 'GROUP_PROTOCOL_MISMATCH' })
    expect(member.failure).toMatchObject({ code: 'GROUP_PROTOCOL_MISMATCH' })
    expect(member.consumer.status().state).toBe('failed')
  })

  it('ends the membership when the right to read is missing', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('JoinGroup').failWith('GROUP_AUTHORIZATION_FAILED')
    const member = join(driver, 'orders')
    await member.until(() => member.failure !== null)
    expect(member.failure).toMatchObject({ code: 'NOT_AUTHORIZED' })
  })
})

describe('a static member', () => {
  it('that another process has replaced ends, instead of throwing the other one out in turn', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders', { instanceId: 'one' })
    await member.until(() => member.heard.length === 1)
    kafka.faults.on('Heartbeat').failWith('FENCED_INSTANCE_ID')
    await member.until(() => member.failure !== null)
    expect(member.heard).toEqual(['assigned 0', 'lost 0'])
    expect(member.failure).toMatchObject({
      code: 'GROUP_PROTOCOL_MISMATCH',
      message: expect.stringContaining('instanceId'),
    })
  })

  it('comes back within the session timeout without a rebalance', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const other = join(driver, 'orders', { instanceId: 'one' })
    const member = join(driver, 'orders', { instanceId: 'two' })
    await member.until(() => member.epochs.size === 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const generation = other.consumer.status().generation
    const heard = other.heard.length
    await member.consumer.close()
    const again = join(driver, 'orders', { instanceId: 'two' })
    await again.until(() => again.epochs.size === 1)
    expect([...again.epochs.keys()]).toEqual([...member.epochs.keys()])
    expect(other.heard).toHaveLength(heard)
    expect(other.consumer.status().generation).toBe(generation)
  })
})

describe('closing', () => {
  it('takes no longer than two seconds or so when no broker answers', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 6 })
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.pauseAnswers()
    const startedAt = performance.now()
    await member.consumer.close()
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(member.consumer.status().state).toBe('closed')
  })

  it('leaves the group also while its own join waits for another member', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 4 })
    const letGo = Promise.withResolvers<void>()
    const draining = join(driver, 'orders', { drainMs: 6_000, revoking: () => letGo.promise })
    await draining.until(() => draining.heard.length === 1)
    const leaving = join(driver, 'orders')
    await draining.until(() => draining.heard.length === 2)
    const third = join(driver, 'orders')
    await leaving.until(() => leaving.consumer.status().state === 'rebalancing')
    const { memberId } = leaving.consumer.status()
    await leaving.consumer.close()
    await third.until(() => kafka.group('group')?.memberIds.includes(memberId) === false, 1_000)
    letGo.resolve()
    await third.until(() => third.epochs.size === 2)
  })

  it('does not wait for a long poll', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 6 })
    const member = join(driver, 'orders', { maxWaitMs: 5_000 })
    await member.until(() => member.heard.length === 1)
    const startedAt = performance.now()
    await member.consumer.close()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  it('works from inside onChunk', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const closed = Promise.withResolvers<void>()
    const member = join(driver, 'orders', { onChunk: () => void member.consumer.close().then(closed.resolve) })
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: 0 }, [record('a')], { timeoutMs: 5_000 })
    await closed.promise
  })

  it('leaves no timer behind, and no warning', async () => {
    const { kafka } = await stage()
    kafka.createTopic('orders')
    const warnings: string[] = []
    const onWarning = (warning: Error): unknown => warnings.push(warning.name)
    process.on('warning', onWarning)
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const driver = kafkajs({ brokers: kafka.bootstrapServers })
    const member = join(driver, 'orders')
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: 0 }, [record('a')], { timeoutMs: 60_000 })
    await member.until(() => member.values().length === 1)
    await member.commit(0)
    await driver.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(before)
  })
})
