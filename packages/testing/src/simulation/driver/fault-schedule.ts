import type { AppendFault, CommitFault, FetchFault } from '../scenario.ts'

interface FaultKinds {
  fetch: FetchFault
  commit: CommitFault
  append: AppendFault
  topic: 'unknown'
  range: 'fails' | 'short' | 'slow'
}

type Armed = { [Kind in keyof FaultKinds]: { fault: FaultKinds[Kind]; times: number }[] }

/** Faults that wait for the next call of their kind, first armed, first to strike. */
export class FaultSchedule {
  readonly #armed: Armed = { fetch: [], commit: [], append: [], topic: [], range: [] }

  arm<Kind extends keyof FaultKinds>(kind: Kind, fault: FaultKinds[Kind], times = 1): void {
    this.#armed[kind].push({ fault, times })
  }

  /** @param fits whether this one can strike here; one that cannot stays armed */
  strike<Kind extends keyof FaultKinds>(
    kind: Kind,
    fits: (fault: FaultKinds[Kind]) => boolean = () => true,
  ): FaultKinds[Kind] | null {
    const armed: { fault: FaultKinds[Kind]; times: number }[] = this.#armed[kind]
    if (armed.length === 0) return null
    const index = armed.findIndex(({ fault }) => fits(fault))
    const found = armed[index]
    if (found === undefined) return null
    found.times -= 1
    if (found.times === 0) armed.splice(index, 1)
    return found.fault
  }

  /** Nothing goes wrong any more. */
  clear(): void {
    for (const armed of Object.values(this.#armed)) armed.length = 0
  }
}
