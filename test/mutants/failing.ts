import type { Mutant } from './mutant.ts'

const consuming = 'packages/event-bus/src/consuming'
const failing = 'packages/event-bus/src/failing'

export const failingMutants: readonly Mutant[] = [
  {
    name: 'a retry is attempted before it is due',
    file: `${consuming}/intake/due-gate.ts`,
    original: 'return Math.min(dueAt - clock.now(), latestMs - clock.monotonic())',
    planted: 'return Math.min(dueAt - 5 - clock.now(), latestMs - clock.monotonic())',
  },
  {
    name: 'a writer whose clock is ahead holds a retry topic up',
    file: `${consuming}/intake/due-gate.ts`,
    original: 'return Math.min(dueAt - clock.now(), latestMs - clock.monotonic())',
    planted: 'return dueAt - clock.now()',
  },
  {
    name: 'a clock that is set forward is not noticed in a long wait',
    file: `${consuming}/intake/due-gate.ts`,
    original: 'Math.min(Math.max(this.#leftMs(wait), 1), LONGEST_SLEEP_MS)',
    planted: 'Math.max(this.#leftMs(wait), 1)',
  },
  {
    name: 'the timer of a wait outlives its partition',
    file: `${consuming}/partition.ts`,
    original: 'this.gate?.close()',
    planted: 'void 0',
  },
  {
    name: 'a partition is not sought back to what was not due',
    file: `${consuming}/group-engine.ts`,
    original:
      'if (admitted !== chunk) this.#options.consumer().seek({ topic, partition }, epoch, admitted.nextPosition)',
    planted: 'void 0',
  },
  {
    name: 'a partition that waits for its due time is not paused',
    file: `${consuming}/partition.ts`,
    original: 'return this.gate?.isShut === true || this.intake',
    planted: 'return this.intake',
  },
  {
    name: 'attempts start anew in a retry topic',
    file: `${consuming}/delivery.ts`,
    original: "return this.owner.role.kind === 'retry' ? this.history.attempts + here : here",
    planted: 'return here',
  },
  {
    name: 'age starts anew in a retry topic',
    file: `${consuming}/delivery.ts`,
    original: 'firstFailedAt === null ? 0 : Math.max(0, now - firstFailedAt - this.#heldMs)',
    planted: '0',
  },
  {
    name: 'the time of the first failure is forgotten in a retry topic',
    file: `${consuming}/delivery.ts`,
    original: 'this.firstFailedAt ??= firstFailedAt ?? now',
    planted: 'this.firstFailedAt ??= now',
  },
  {
    name: 'the provenance of another group is believed',
    file: `${failing}/provenance.ts`,
    original: 'if (provenance.get(names.originGroup) !== group) return null',
    planted: 'void 0',
  },
  {
    name: 'a header of the publisher that is called like one of ours is taken for ours',
    file: `${failing}/provenance.ts`,
    original: 'if (last >= 0 && block.every(([name]) => knownNames.has(name))) {',
    planted: 'if (last >= 1_000) {',
  },
  {
    name: 'retry topics of an older list of delays are forgotten',
    file: `${consuming}/subscription.ts`,
    original: 'this.#consumer.alsoRead(found)',
    planted: 'void 0',
  },
  {
    name: 'the retry topics of another group are read',
    file: `packages/event-bus/src/topics.ts`,
    original: 'return delayMs !== null && retryTopic(topic, group, delayMs) === name ? delayMs : null',
    planted: 'return delayMs',
  },
  {
    name: 'a record goes round in the same retry topic',
    file: `${failing}/retry-topics.ts`,
    original: 'delaysMs.filter((delayMs) => delayMs > passedMs)',
    planted: 'delaysMs.filter((delayMs) => delayMs >= passedMs)',
  },
  {
    name: 'a retry topic that may not be written makes a dead letter',
    file: `${failing}/delayed-retry.ts`,
    original: "return failureFrom(error).code === 'RECORD_TOO_LARGE'",
    planted: "return ['RECORD_TOO_LARGE', 'WRITE_REFUSED'].includes(failureFrom(error).code ?? '')",
  },
]
