import { expect, it } from 'vitest'
import { LeaderEpochs } from './leader-epochs.ts'

/** Leaders with epochs 0, 2 and 3 that began at 0, 10 and 15; the log ends at 20. Epoch 1 wrote nothing. */
function epochs(): (epoch: number) => [number, bigint] | undefined {
  const known = new LeaderEpochs([])
  known.began(0, 0n)
  known.began(1, 10n)
  known.began(2, 10n)
  known.began(3, 15n)
  return (epoch) => {
    const end = known.end(epoch, 20n)
    return end && [end.leaderEpoch, end.endOffset]
  }
}

it('ends an epoch where the next one that wrote began, and the last one at the end of the log', () => {
  const end = epochs()
  expect([end(0), end(2), end(3)]).toEqual([
    [0, 10n],
    [2, 15n],
    [3, 20n],
  ])
})

it('answers for the one before where an epoch wrote nothing', () => {
  expect(epochs()(1)).toEqual([0, 10n])
})

it('knows nothing of epochs to come, and of none', () => {
  const end = epochs()
  expect([end(4), end(-1)]).toEqual([undefined, undefined])
})

it('ends what lies before all that it knows where that begins', () => {
  const known = new LeaderEpochs([])
  known.began(5, 100n)
  expect(known.end(3, 200n)).toEqual({ leaderEpoch: 3, endOffset: 100n })
})
