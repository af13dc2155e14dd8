import type { SendCall } from './send-call.ts'

/**
 * The calls that are not settled yet, in the order in which they came: a list through the calls themselves.
 *
 * Not a Set. When a Set makes room, its old table goes on pointing to the new one, and to the entries that it had. Once the first has grown old, a collection
 * of young objects takes it for alive, and all that comes after it as well: table by table, every call with all of its records was kept until the next
 * collection of the whole heap. For the same reason a call that leaves points to nobody.
 */
export class OpenCalls {
  #first: SendCall | null = null
  #last: SendCall | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  add(call: SendCall): void {
    call.before = this.#last
    if (this.#last === null) this.#first = call
    else this.#last.after = call
    this.#last = call
    this.#size += 1
  }

  /** @param call one that is in the list */
  delete(call: SendCall): void {
    const { before, after } = call
    if (before === null) this.#first = after
    else before.after = after
    if (after === null) this.#last = before
    else after.before = before
    call.before = null
    call.after = null
    this.#size -= 1
  }

  /** A call may leave while it is looked at. */
  *[Symbol.iterator](): Generator<SendCall> {
    for (let call = this.#first; call !== null; ) {
      const { after } = call
      yield call
      call = after
    }
  }
}
