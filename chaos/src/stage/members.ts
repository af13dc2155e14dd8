import path from 'node:path'
import type { ServiceProcess } from '@tributary/infra'
import { monotonicMs } from '../journal/journal.ts'
import { runProgram } from '../programs/run-program.ts'
import type { MemberSettings } from '../programs/settings.ts'

/** One process of a member, from its start to its end; times by the monotonic clock, in milliseconds. */
export interface Life {
  /** `member-3.2`: the second process of member 3. */
  readonly name: string
  readonly journalFile: string
  /** When it was asked to end, or null. */
  readonly endingAt: number | null
  /** Not before it was gone; null while it lives. */
  readonly endedAt: number | null
  readonly freezes: readonly { readonly from: number; readonly to: number }[]
}

/** The same while it is being written. */
interface OpenLife extends Life {
  endingAt: number | null
  endedAt: number | null
  readonly freezes: { readonly from: number; to: number }[]
}

interface Running {
  readonly life: OpenLife
  readonly process: ServiceProcess
}

/** The members of the group as processes, counted from 1. */
export class Members {
  readonly #settings: Pick<MemberSettings, 'brokers' | 'group'>
  readonly #dir: string
  readonly #lives: Life[] = []
  readonly #starts = new Map<number, number>()
  readonly #running = new Map<number, Running>()

  constructor(settings: Pick<MemberSettings, 'brokers' | 'group'>, dir: string) {
    this.#settings = settings
    this.#dir = dir
  }

  get lives(): readonly Life[] {
    return this.#lives
  }

  /** Resolves when it has joined the group. */
  async start(member: number): Promise<void> {
    const nth = (this.#starts.get(member) ?? 0) + 1
    this.#starts.set(member, nth)
    const name = `member-${member}.${nth}`
    const journalFile = path.join(this.#dir, `${name}.jsonl`)
    const life: OpenLife = { name, journalFile, endingAt: null, endedAt: null, freezes: [] }
    this.#lives.push(life)
    const settings: MemberSettings = { ...this.#settings, name, journalFile }
    const started = await runProgram({ name, main: 'programs/member.ts', settings, dir: this.#dir })
    this.#running.set(member, { life, process: started })
  }

  /** SIGKILL. */
  kill(member: number): Promise<void> {
    return this.#end(member, 0)
  }

  /** SIGTERM, and SIGKILL when it has not gone after 20 s. */
  stop(member: number): Promise<void> {
    return this.#end(member, 20_000)
  }

  freeze(member: number): void {
    const { life, process } = this.#find(member)
    life.freezes.push({ from: monotonicMs(), to: Number.POSITIVE_INFINITY })
    process.signal('SIGSTOP')
  }

  thaw(member: number): void {
    const { life, process } = this.#find(member)
    const last = life.freezes.at(-1)
    if (last !== undefined) last.to = monotonicMs()
    process.signal('SIGCONT')
  }

  /** Members that have ended without being asked to. */
  unexpectedlyEnded(): string[] {
    return Array.from(this.#running.values()).flatMap(({ life, process }) => (process.isRunning() ? [] : [life.name]))
  }

  async stopAll(): Promise<void> {
    await Promise.all(Array.from(this.#running.keys(), (member) => this.stop(member)))
  }

  /** For the end of a play that was broken off: also of those that are frozen. */
  async killAll(): Promise<void> {
    await Promise.all(Array.from(this.#running.keys(), (member) => this.kill(member)))
  }

  async #end(member: number, graceMs: number): Promise<void> {
    const { life, process } = this.#find(member)
    this.#running.delete(member)
    life.endingAt = monotonicMs()
    await process.stop(graceMs)
    life.endedAt = monotonicMs()
  }

  #find(member: number): Running {
    const found = this.#running.get(member)
    if (found === undefined) throw new RangeError(`member ${member} is not running`)
    return found
  }
}
