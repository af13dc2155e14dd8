/** The invariants of the engine, as `docs/architecture.md` names them. `port`: a promise of the driver port. `check`: the user's own. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'port' | 'check'

export interface Violation {
  readonly invariant: Invariant
  readonly message: string
}

/** Keeps the first violation: what follows one is seldom worth reading. */
export class Verdicts {
  #first: Violation | null = null

  get first(): Violation | null {
    return this.#first
  }

  broken(invariant: Invariant, message: string): void {
    this.#first ??= { invariant, message }
  }
}
