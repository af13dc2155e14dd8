import type { Mutant } from './mutant.ts'

const consuming = 'packages/event-bus/src/consuming'

export const consumingMutants: readonly Mutant[] = [
  {
    name: 'a commit goes one offset too far',
    file: `${consuming}/offsets/offset-tracker.ts`,
    original: 'return this.#head === this.#tail ? this.position : this.#ringOffset(this.#head)',
    planted: 'return this.#head === this.#tail ? this.position : this.#ringOffset(this.#head) + 1n',
  },
  {
    name: 'a commit passes over a hole between settled records',
    file: `${consuming}/offsets/offset-tracker.ts`,
    original:
      'while (this.#head < this.#tail && this.#states[this.#head & this.#mask] === recordStates.settled) this.#head += 1',
    planted:
      'while (this.#head < this.#tail && (this.#states[this.#head & this.#mask] === recordStates.settled || this.#states[(this.#head + 1) & this.#mask] === recordStates.settled)) this.#head += 1',
  },
  {
    name: 'a chunk of an earlier assignment is accepted',
    file: `${consuming}/group-engine.ts`,
    original: "if (run === undefined || run.epoch !== chunk.epoch || run.state !== 'active') return",
    planted: "if (run === undefined || run.state !== 'active') return",
  },
  {
    name: 'a chunk is accepted that leaves a hole behind the one before',
    file: `${consuming}/group-engine.ts`,
    original: 'if (fetchedFrom !== run.position) {',
    planted: 'if (fetchedFrom < run.position) {',
  },
  {
    name: 'a commit passes over what has arrived and was not taken yet',
    file: `${consuming}/partition.ts`,
    original: '    this.position = nextPosition\n    this.highWatermark',
    planted: '    this.position = nextPosition\n    this.tracker.advance(nextPosition)\n    this.highWatermark',
  },
  {
    name: 'what has arrived stays in the hands of a partition that is given up',
    file: `${consuming}/partition.ts`,
    original: '    this.arrivals.clear()\n',
    planted: '',
  },
  {
    name: 'what an earlier epoch settled is counted as held for ever',
    file: `${consuming}/partition.ts`,
    original: '      this.intake.release(1, bytesEach, false)\n',
    planted: '',
  },
  {
    name: 'a partition that is being given up goes on starting attempts',
    file: `${consuming}/partition.ts`,
    original: "if (this.state === 'active') this.state = 'draining'",
    planted: 'void 0',
  },
  {
    name: 'the completion of a fenced attempt counts',
    file: `${consuming}/attempts/delivery-runner.ts`,
    original: 'if (attempt.fencedBy === null) return true',
    planted: "if (attempt.fencedBy !== 'other') return true",
  },
  {
    name: 'a fenced attempt may publish',
    file: `${consuming}/attempts/attempt-context.ts`,
    original: '    this.throwIfFenced()\n    const { envelope, span } = this.#record',
    planted: '    const { envelope, span } = this.#record',
  },
  {
    name: 'a record is settled before its departure is acknowledged',
    file: `${consuming}/attempts/delivery-settler.ts`,
    original: '    delivery.departure = departure\n    void this.write(delivery, departure)',
    planted: "    this.settle(delivery, 'dead-lettered')\n    void this.write(delivery, departure)",
  },
  {
    name: 'a record whose departure was not written counts as settled',
    file: `${consuming}/attempts/delivery-settler.ts`,
    original: "if (outcome.kind === 'written') this.#departed(delivery, departure)",
    planted: "if (outcome.kind !== 'dropped') this.#departed(delivery, departure)",
  },
  {
    name: 'a follower starts beside the record before it',
    file: `${consuming}/lanes/key-lanes.ts`,
    original: '    predecessor.follower = member\n    member.predecessor = predecessor\n    return false',
    planted: '    return true',
  },
  {
    name: 'a lane is never opened again',
    file: `${consuming}/lanes/key-lanes.ts`,
    original: '    const follower = member.follower\n    member.follower = null',
    planted: '    const follower = null\n    member.follower = null',
  },
  {
    name: 'a lane that is empty is remembered for ever',
    file: `${consuming}/lanes/key-lanes.ts`,
    original: 'this.#tails.delete(member.laneKey)',
    planted: 'void 0',
  },
  {
    name: 'a record that was alone in all lanes is forgotten when another comes',
    file: `${consuming}/lanes/key-lanes.ts`,
    original: 'this.#tails.set(this.#only.laneKey, this.#only)',
    planted: 'void 0',
  },
  {
    name: 'each record of a turn asks for a commit of its own',
    file: `${consuming}/offsets/committer.ts`,
    original: '    this.#sends += 1\n',
    planted: '',
  },
  {
    name: 'nobody is woken when a slot is free',
    file: `${consuming}/attempts/slots.ts`,
    original: '    owner.end()\n    this.#onFree()',
    planted: '    owner.end()',
  },
  {
    name: 'a slot is lost with each failure of an attempt',
    file: `${consuming}/attempts/delivery-runner.ts`,
    original:
      "    this.#options.settler.judge(attempt.delivery, 'handle', attempt.span, thrown)\n    this.#slots.end(attempt)",
    planted: "    this.#options.settler.judge(attempt.delivery, 'handle', attempt.span, thrown)",
  },
  {
    name: 'an abandoned attempt keeps its slot',
    file: `${consuming}/attempts/delivery-runner.ts`,
    original:
      "      'attempt abandoned: its handler did not end after its signal aborted, and still runs',\n    )\n    this.#endFenced(attempt)",
    planted: "      'attempt abandoned: its handler did not end after its signal aborted, and still runs',\n    )",
  },
  {
    name: 'a regained partition is left unpaused though the subscription is paused',
    file: `${consuming}/group-engine.ts`,
    original: 'const wantsPause = this.dispatcher.isPaused || run',
    planted: 'const wantsPause = run',
  },
  {
    name: 'a paused partition is never resumed',
    file: `${consuming}/group-engine.ts`,
    original: 'else this.#options.consumer().resume([{ topic, partition }])',
    planted: 'else void 0',
  },
  {
    name: 'a key whose handler still runs is free in the next assignment',
    file: `${consuming}/group-engine.ts`,
    original: 'run.lanes.occupy(delivery)',
    planted: 'void delivery',
  },
  {
    name: 'a partition is let go before its work is committed',
    file: `${consuming}/group-engine.ts`,
    original: 'await until(this.committer.flush(runs, signal), { clock, ms: COMMIT_TIMEOUT_MS, signal })',
    planted: 'void this.committer.flush(runs, signal)',
  },
  {
    name: 'attempts under way are not waited for when a partition is given up',
    file: `${consuming}/group-engine.ts`,
    original: 'await until(drained, { clock, ms: definition.drainMs - reserveMs, signal })',
    planted: 'void reserveMs',
  },
  {
    name: 'the attempts of a lost partition are not fenced',
    file: `${consuming}/group-engine.ts`,
    original: 'this.#options.runner().inFlight.fence(run)',
    planted: 'void 0',
  },
  {
    name: 'commits overtake each other',
    file: `${consuming}/offsets/committer.ts`,
    original: 'this.#sending = this.#sending.then(() => this.#sendDue())',
    planted: 'this.#sending = this.#sendDue()',
  },
  {
    name: 'a commit that failed is never sent again',
    file: `${consuming}/offsets/committer.ts`,
    original: '      this.#sendLater()\n    }\n  }',
    planted: '    }\n  }',
  },
  {
    name: 'a commit goes back',
    file: `${consuming}/offsets/committer.ts`,
    original: 'if (committedOffset !== null && nextOffset < committedOffset) return false',
    planted: 'void 0',
  },
  {
    name: 'a refused offset map blocks the commit',
    file: `${consuming}/offsets/committer.ts`,
    original: "isMetadataRefused ? '' : partition.metadata()",
    planted: 'partition.metadata()',
  },
  {
    name: 'the memory of a settled record is never given back',
    file: `${consuming}/partition.ts`,
    original: '    this.intake.release(1, delivery.bytes, delivery.isReadAgain)\n',
    planted: '',
  },
  {
    name: 'one partition may take all slots while others wait',
    file: `${consuming}/dispatcher.ts`,
    original: 'if (partition.attempts < share) return partition',
    planted: 'return partition',
  },
  {
    name: 'a partition borrows slots that has given none back',
    file: `${consuming}/dispatcher.ts`,
    original: 'if (borrower !== null || partition.attempts >= partition.allowance) continue',
    planted: 'if (borrower !== null) continue',
  },
  {
    name: 'a partition keeps its loan when its deadlines pass',
    file: `${consuming}/attempts/slots.ts`,
    original: "else if (fencedBy === 'deadline') owner.allowance = 0",
    planted: '',
  },
  {
    name: 'what retention removed while the group lagged is passed over in silence',
    file: `${consuming}/group-engine.ts`,
    original: 'if (chunk.isExpired) this.retentionLoss',
    planted: 'if (chunk.nextPosition < 0n) this.retentionLoss',
  },
  {
    name: 'a deadline never passes',
    file: `${consuming}/attempts/in-flight.ts`,
    original: "while (this.#first !== null && this.#leftMs(this.#first) <= 0) this.#abort(this.#first, 'deadline')",
    planted: 'void 0',
  },
  {
    name: 'a deadline that was extended passes at its old time',
    file: `${consuming}/attempts/in-flight.ts`,
    original: 'if (this.#leftMs(attempt) <= 0) this.#abort',
    planted: 'if (attempt.owner) this.#abort',
  },
  {
    name: 'a lost partition leaves extended attempts unfenced',
    file: `${consuming}/attempts/in-flight.ts`,
    original: 'for (const attempt of [...fenced, ...this.#extended.keys()]) {',
    planted: 'for (const attempt of fenced) {',
  },
  {
    name: 'a token is lost with each record that calls no handler',
    file: `${consuming}/dispatcher.ts`,
    original: 'if (!isCalled) rate?.giveBack()',
    planted: 'run(delivery)',
  },
  {
    name: 'a record joins a batch beside one of its key that runs elsewhere',
    file: `${consuming}/batches/batch-assembly.ts`,
    original: 'if (index === 0 || (before?.isCollecting === true && before === batch)) return false',
    planted: 'if (index >= 0) return false',
  },
  {
    name: 'an acknowledgement counts though an earlier record of its key will be tried again',
    file: `${consuming}/batches/batch-runner.ts`,
    original: 'const isHeld = laneKey !== null && held.has(laneKey)',
    planted: 'const isHeld = false',
  },
  {
    name: 'a batch that is collected starts after its partition is given up',
    file: `${consuming}/partition.ts`,
    original: '    this.assembly?.release()\n',
    planted: '',
  },
]
