import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { GROUP } from './order-placed.ts'
import { type World, world } from './world.ts'

const CONCURRENCY = 10

/** A member in a process of its own; what it says it has handled goes into the world's ledger. */
class MemberProcess {
  readonly child: ChildProcess
  readonly #lines: string[] = []

  constructor(w: World) {
    const program = fileURLToPath(new URL('member-process.ts', import.meta.url))
    const brokers = w.kafka.bootstrapServers
    this.child = spawn(process.execPath, ['--conditions=@tributary/source', program, ...brokers], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void this.child.kill('SIGKILL'))
    if (this.child.stdout === null) throw new Error('no pipe to the member')
    createInterface(this.child.stdout).on('line', (line) => {
      this.#lines.push(line)
      if (line.startsWith('handled ')) w.handled.push(line.slice('handled '.length))
    })
  }

  /** Resolves when it has said something that starts so. */
  said(start: string, times = 1): Promise<void> {
    const isSaid = (): boolean => this.#lines.filter((line) => line.startsWith(start)).length >= times
    return vi.waitFor(() => expect(isSaid(), `member says '${start}'`).toBe(true), { timeout: 15_000, interval: 10 })
  }
}

describe('a process of the group', () => {
  it('that is killed in mid-flight loses nothing; twice run at most what was in flight and what was settled since its last commit', async () => {
    const w = await world()
    const victim = new MemberProcess(w)
    await victim.said('ready')
    await w.publish(600, { keys: 100 })
    await victim.said('handled', 100)
    victim.child.kill('SIGKILL')
    await once(victim.child, 'exit')
    const heir = new MemberProcess(w)
    await heir.said('ready')
    await w.settled(15_000)
    expect(new Set(w.handled).size).toBe(600)
    // 200 ms between commits at 10 ms an event, and one interval for the commit that was under way.
    expect(w.duplicates).toBeLessThanOrEqual(CONCURRENCY * (2 * 20 + 1))
  })

  it('that is frozen and thawed is fenced: what it does then changes nothing', async () => {
    const w = await world()
    const frozen = new MemberProcess(w)
    await frozen.said('ready')
    await w.publish(300, { keys: 100 })
    await frozen.said('handled', 50)
    frozen.child.kill('SIGSTOP')
    const heir = new MemberProcess(w)
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
    const leaving = new MemberProcess(w)
    await leaving.said('ready')
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
    expect(w.duplicates).toBeLessThanOrEqual(CONCURRENCY)
  })
})
