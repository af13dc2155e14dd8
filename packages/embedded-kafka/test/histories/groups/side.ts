/** One of the two clusters that hear the same history of a group, and the requests that it has not answered yet. */
import { comparable, type Pseudonyms } from '../../differential/comparable.ts'
import { type Step as Answered, Session, until } from '../../differential/session.ts'
import type { RawClient } from '../../support/raw-client.ts'

type Request = Parameters<RawClient['ask']>

export interface Asked {
  readonly request: Request
  /** What the answer tells those who asked. */
  readonly learn?: (answer: never) => void
}

interface Open extends Asked {
  readonly number: number
  readonly what: string
  answer: object | undefined
}

/** Brokers read connections by several threads. What all of these were asked, and answered, came after what was sent before. */
const observerCount = 4
const limitMs = 30_000

/** Where a side sits: a cluster whose coordinator answers for the group. */
export interface Seat {
  readonly session: Session
  readonly name: string
  readonly groupId: string
  readonly observers: readonly RawClient[]
}

export class Side implements Disposable {
  readonly session: Session
  readonly groupId: string
  readonly answers: Answered[] = []
  readonly #names: Pseudonyms
  readonly #observers: readonly RawClient[]
  readonly #idle: RawClient[] = []
  #open: Open[] = []
  #asked = 0

  constructor({ session, groupId, observers }: Seat, names: Pseudonyms) {
    this.session = session
    this.groupId = groupId
    this.#names = names
    this.#observers = observers
  }

  static async seat(address: string, suffix: string): Promise<Seat> {
    const session = new Session(address, suffix)
    const name = 'members'
    const groupId = await session.findGroup(name)
    const observers = await Promise.all(Array.from({ length: observerCount }, () => session.connect()))
    return { session, name, groupId, observers }
  }

  /** The numbers of the requests that wait for an answer. */
  get waiting(): readonly number[] {
    return this.#open.filter(({ answer }) => !answer).map(({ number }) => number)
  }

  isWaiting(fits: (request: Request) => boolean): boolean {
    return this.#open.some(({ request, answer }) => !answer && fits(request))
  }

  /** Sends a request on a connection that waits for nothing. */
  async send(what: string, asked: Asked): Promise<void> {
    const client = this.#idle.pop() ?? (await this.session.connect())
    const open: Open = { ...asked, number: this.#asked++, what, answer: undefined }
    this.#open.push(open)
    void client.ask<object>(...asked.request).then(
      (answer) => {
        open.answer = answer
        this.#idle.push(client)
      },
      (error: Error) => {
        open.answer = { error: error.message }
      },
    )
  }

  /** Ends when the cluster has heard all that was sent, whether it has answered or not. */
  async hear(): Promise<void> {
    for (const client of this.#observers) await client.ask('DescribeGroups', 5, { groups: [this.groupId] })
  }

  /** Ends when no more requests than these wait. */
  async answerAllBut(waiting: readonly number[]): Promise<void> {
    await untilOrLimit(async () => this.waiting.length <= waiting.length, 1)
  }

  /** Notes what was answered since, in the order of the questions. */
  note(): void {
    const answered = this.#open.filter(({ answer }) => answer)
    this.#open = this.#open.filter(({ answer }) => !answer)
    for (const { answer, learn } of answered) learn?.(answer as never)
    for (const { what, answer } of answered) this.noteFact(what, answer)
  }

  noteFact(what: string, fact: unknown): void {
    this.answers.push({ what, answer: this.comparable(fact) })
  }

  comparable(fact: unknown): unknown {
    return comparable(fact, this.#names)
  }

  observe<T>(...request: Request): Promise<T> {
    const [observer] = this.#observers
    if (!observer) throw new Error('nobody observes')
    return observer.ask<T>(...request)
  }

  [Symbol.dispose](): void {
    this.session[Symbol.dispose]()
  }
}

/** Real clusters take a moment for some things. One that never does them has shown a difference. */
export async function untilOrLimit(isTrue: () => Promise<boolean>, everyMs: number): Promise<void> {
  const end = Date.now() + limitMs
  await until(async () => (await isTrue()) || Date.now() > end, everyMs)
}
