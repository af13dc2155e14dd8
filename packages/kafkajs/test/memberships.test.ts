/** What a member of a group goes through: long handlers, lost sessions, answers that are late, and others beside it. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { join } from './members.ts'
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
