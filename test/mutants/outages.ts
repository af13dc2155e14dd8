import type { Mutant } from './mutant.ts'

const consuming = 'packages/event-bus/src/consuming'
const failing = 'packages/event-bus/src/failing'
const tests = [failing, 'packages/testing/test/outage']

/** Faults in how an outage is told from poison, held through, and left. */
export const outageMutants: readonly Mutant[] = [
  {
    name: 'a record is given up without evidence that others can be handled',
    file: `${failing}/outage-watch.ts`,
    original: 'const isProven = before !== null && evidenceAt >= before && this.evidenceAt >= before',
    planted: 'const isProven = true',
    tests,
  },
  {
    name: 'a success that began before the failure counts as evidence',
    file: `${failing}/outage-watch.ts`,
    original: 'if (startedAt > this.#provenAt) this.#provenAt = startedAt',
    planted: 'this.#provenAt = this.moment',
    tests,
  },
  {
    name: 'a success that began before an outage ends it',
    file: `${failing}/outage-watch.ts`,
    original: "if (this.state === 'open' && startedAt < this.#openedAt) return false",
    planted: 'void 0',
    tests,
  },
  {
    name: 'permits that were earned before an outage count after it',
    file: `${failing}/outage-watch.ts`,
    original: '    this.permits = 0\n    return true',
    planted: '    return true',
    tests,
  },
  {
    name: 'a dead letter takes no permit',
    file: `${consuming}/attempts/delivery-settler.ts`,
    original: 'if (needsPermit(verdict.reason)) gate?.watch.takePermit()',
    planted: 'void needsPermit',
    tests,
  },
  {
    name: 'a record is taken for a sign of an outage at its first look',
    file: `${failing}/outage-watch.ts`,
    original: "return trial.isDoubted ? 'suspect' : 'unproven'",
    planted: "return 'suspect'",
    tests,
  },
  {
    name: 'a failed probe counts as an attempt',
    file: `${consuming}/outages/outage-gate.ts`,
    original: "if (standing === 'probe') delivery.forgive()",
    planted: 'void 0',
    tests,
  },
  {
    name: 'the breaker never closes',
    file: `${consuming}/outages/outage-gate.ts`,
    original: '      this.watch.close()\n',
    planted: '',
    tests,
  },
  {
    name: 'the breaker stays open although a probe was successful',
    file: `${consuming}/outages/outage-gate.ts`,
    original: 'if (isOver) this.#recover()',
    planted: 'void isOver',
    tests,
  },
  {
    name: 'a record that is held for longer than maxHoldMs is held on',
    file: `${failing}/outage-watch.ts`,
    original: 'return heldSinceMs !== null && nowMs - heldSinceMs >= this.policy.maxHoldMs',
    planted: 'return heldSinceMs !== null && nowMs < 0',
    tests,
  },
  {
    name: 'all that was held runs again at once',
    file: `${failing}/release-pace.ts`,
    original: '    return whole',
    planted: '    return whole + 1_000',
    tests: ['packages/testing/test/outage'],
  },
  {
    name: 'a probe that hangs keeps the next one from being asked',
    file: `${consuming}/outages/outage-gate.ts`,
    original: 'if (this.#probing.size > 0) return this.#askedAtMs + longestWaitMs(probe)',
    planted: 'if (this.#probing.size > 0) return Number.MAX_SAFE_INTEGER',
    tests,
  },
  {
    name: 'records of a partition that was given up are probed',
    file: `${consuming}/outages/outage-gate.ts`,
    original: 'if (delivery.owner === run) set.delete(delivery)',
    planted: 'if (delivery.owner === run) void set',
    tests,
  },
  {
    name: 'an outage of one event type holds another',
    file: `${consuming}/outages/outage-gates.ts`,
    original: 'return this.#gates.get(eventType) ?? null',
    planted: 'return (eventType === undefined ? null : this.#gates.values().next().value) ?? null',
    tests,
  },
]
