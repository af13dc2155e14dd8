/**
 * A real cluster and this one, which hear the same requests in lockstep. Some are answered only after others: those are left open, and compared when both
 * sides have answered. Who waits for whom is part of the comparison.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Difference, differences } from '../../differential/differences.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { type Asked, type Side, untilOrLimit } from './side.ts'

export class Duet<S extends Side> implements Disposable {
  readonly theirs: S
  readonly ours: S

  constructor(theirs: S, ours: S) {
    this.theirs = theirs
    this.ours = ours
  }

  get differences(): Difference[] {
    return differences(this.theirs.answers, this.ours.answers)
  }

  /** Asks both, unless there is nothing to ask, and ends when each has answered or lets it wait. */
  async ask(what: string, asked: (side: S) => Asked | undefined): Promise<void> {
    const [toThem, toUs] = [asked(this.theirs), asked(this.ours)]
    if (!toThem || !toUs || this.differences.length > 0) return
    await Promise.all([this.theirs.send(what, toThem), this.ours.send(what, toUs)])
    await this.#settle()
    for (const side of this.#sides) {
      side.note()
      side.noteFact(`${what}: waiting`, side.waiting)
    }
  }

  /** What both say in the end: a real cluster tells others of a change a moment after it has answered for it. Resolves with our answer. */
  async observe<T>(what: string, ...request: Parameters<RawClient['ask']>): Promise<T> {
    const answer = await this.ours.observe<T>(...request)
    const fact = this.ours.comparable(answer)
    let theirs: unknown
    await untilOrLimit(async () => {
      theirs = this.theirs.comparable(await this.theirs.observe(...request))
      return isDeepStrictEqual(theirs, fact)
    }, 5)
    this.ours.answers.push({ what, answer: fact })
    this.theirs.answers.push({ what, answer: theirs })
    return answer
  }

  async #settle(): Promise<void> {
    await this.ours.hear()
    await this.theirs.answerAllBut(this.ours.waiting)
    if (this.ours.waiting.length > 0) await this.theirs.hear()
  }

  get #sides(): readonly S[] {
    return [this.theirs, this.ours]
  }

  [Symbol.dispose](): void {
    for (const side of this.#sides) side[Symbol.dispose]()
  }
}
