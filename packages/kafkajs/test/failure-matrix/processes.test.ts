import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { MemberProcess, type MemberSettings, mostDuplicates } from './member-processes.ts'
import { GROUP, orderPlaced } from './order-placed.ts'
import { type World, world } from './world.ts'

function settingsFor(w: World): MemberSettings {
  return {
    brokers: w.kafka.bootstrapServers,
    topic: orderPlaced.topic,
    group: GROUP,
    concurrency: 10,
    handlerMs: 10,
    commitIntervalMs: 200,
    sessionTimeoutMs: 1_000,
  }
}

async function memberOf(w: World): Promise<MemberProcess> {
  const member = new MemberProcess(settingsFor(w), (place) => w.handled.push(place))
  await member.said('ready')
  return member
}

describe('a process of the group', { timeout: 40_000 }, () => {
  it('that is killed in mid-flight loses nothing; twice run at most what was in flight and settled since its last commit', async () => {
    const w = await world()
    const victim = await memberOf(w)
    await w.publish(600, { keys: 100 })
    await victim.said('handled', 100)
    victim.child.kill('SIGKILL')
    await once(victim.child, 'exit')
    await memberOf(w)
    await w.settled(15_000)
    expect(new Set(w.handled).size).toBe(600)
    expect(w.duplicates).toBeLessThanOrEqual(mostDuplicates(settingsFor(w)))
  })

  it('that is frozen and thawed is fenced: what it does then changes nothing', async () => {
    const w = await world()
    const frozen = await memberOf(w)
    await w.publish(300, { keys: 100 })
    await frozen.said('handled', 50)
    frozen.child.kill('SIGSTOP')
    const heir = new MemberProcess(settingsFor(w), (place) => w.handled.push(place))
    await vi.waitFor(() => expect(w.kafka.group(GROUP)?.memberIds).toHaveLength(1), { timeout: 15_000, interval: 20 })
    await heir.said('handled', 50)
    frozen.child.kill('SIGCONT')
    await w.publish(300, { keys: 100, from: 300 })
    await w.settled(15_000)
    await vi.waitFor(() => expect(w.kafka.group(GROUP)?.memberIds).toHaveLength(2), { timeout: 15_000, interval: 20 })
    expect(new Set(w.handled).size).toBe(600)
  })

  it('that is told to end while it is busy finishes what it began, commits and leaves', async () => {
    const w = await world()
    const leaving = await memberOf(w)
    await w.publish(400, { keys: 100 })
    await leaving.said('handled', 50)
    leaving.child.kill('SIGTERM')
    await leaving.said('closed')
    await once(leaving.child, 'exit')
    expect(w.kafka.group(GROUP)?.memberIds ?? []).toEqual([])
    w.checkNothingLost()
    await w.member(() => {})
    await w.settled()
    expect(new Set(w.handled).size).toBe(400)
    expect(w.duplicates).toBeLessThanOrEqual(settingsFor(w).concurrency)
  })
})
