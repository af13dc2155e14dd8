/** The committer's pace and what it learns from answers, on a clock of the test's own. What a commit contains is tested beside it. */
import { expect, it, vi } from 'vitest'
import { type Committable, Committer } from '../../src/consuming/offsets/committer.ts'
import type { CommitRequest, CommitResult } from '../../src/driver.ts'
import { silentLogger } from '../../src/logger.ts'
import { ManualClock } from './manual-clock.ts'

type Answer = (requests: readonly CommitRequest[]) => readonly CommitResult[] | Promise<readonly CommitResult[]>

const all =
  (outcome: CommitResult['outcome']): Answer =>
  (requests) =>
    requests.map(({ topic, partition }) => ({ topic, partition, outcome }))

function stage(maxSettled: number, answers: readonly Answer[] = []) {
  const clock = new ManualClock()
  const warn = vi.fn()
  const sent: (readonly CommitRequest[])[] = []
  const partition = {
    topic: 'orders',
    partition: 0,
    epoch: 1,
    state: 'active' as const,
    nextOffset: 5n,
    revision: 1,
    metadata: () => 'map',
    committedOffset: null as bigint | null,
    committedRevision: null as number | null,
    isCommitFenced: false,
    isMetadataRefused: false,
  } satisfies Committable
  const committer = new Committer({
    commit: async (requests) => {
      sent.push(requests)
      return (answers[sent.length - 1] ?? all('committed'))(requests)
    },
    partitions: () => [partition],
    clock,
    pace: { intervalMs: 1_000, maxSettled },
    logger: { ...silentLogger, warn },
    onResult: () => {},
  })
  const settle = (): void => {
    partition.nextOffset += 1n
    partition.revision += 1
    committer.note()
  }
  return { clock, warn, sent, partition, committer, settle }
}

it('waits once for all that is settled in an interval', async () => {
  const { clock, sent, settle } = stage(1_000)
  settle()
  settle()
  expect(clock.waitingTimers).toBe(1)
  await clock.advance(999)
  expect(sent).toHaveLength(0)
  await clock.advance(1)
  expect(sent).toHaveLength(1)
})

it('sends nothing by itself once it is closed, whatever is settled then', async () => {
  const { clock, sent, committer, settle } = stage(1_000)
  settle()
  committer.close()
  settle()
  expect(clock.waitingTimers).toBe(0)
  await clock.advance(2_000)
  expect(sent).toHaveLength(0)
})

it('asks for no commit of nothing', async () => {
  const { clock, sent, committer, settle } = stage(1_000)
  settle()
  await clock.advance(1_000)
  committer.note()
  await clock.advance(1_000)
  expect(sent).toHaveLength(1)
})

it('sends at once what reaches maxSettled, but not while a commit is under way', async () => {
  const answered = Promise.withResolvers<void>()
  const { clock, sent, settle } = stage(2, [(requests) => answered.promise.then(() => all('committed')(requests))])
  settle()
  settle()
  await clock.settle()
  expect(sent).toHaveLength(1)
  for (let n = 0; n < 5; n += 1) settle()
  answered.resolve()
  await clock.settle()
  expect(sent).toHaveLength(1)
  settle()
  await clock.settle()
  expect(sent).toHaveLength(2)
})

it('sends once for all that is settled in one turn of synchronous handlers, and not again for the next record', async () => {
  const answered = Promise.withResolvers<void>()
  const { clock, sent, settle } = stage(2, [(requests) => answered.promise.then(() => all('committed')(requests))])
  for (let n = 0; n < 1_000; n += 1) settle()
  await clock.settle()
  settle()
  answered.resolve()
  await clock.settle()
  expect(sent).toMatchObject([[{ nextOffset: 1_005n }]])
})

it('learns from an acknowledgement what is stored, and has nothing to warn of', async () => {
  const { clock, warn, partition, settle } = stage(1)
  settle()
  await clock.settle()
  expect(partition).toMatchObject({ committedOffset: 6n, committedRevision: 2, isMetadataRefused: false })
  expect(clock.waitingTimers).toBe(0)
  expect(warn).not.toHaveBeenCalled()
})

it('says what could not be committed, and goes on with its metadata unless that was refused', async () => {
  const { clock, warn, sent, partition, settle } = stage(1, [all('failed'), all('metadata-refused')])
  settle()
  await clock.settle()
  const place = { topic: 'orders', partition: 0, nextOffset: 6n }
  expect(warn.mock.calls).toEqual([[{ ...place, outcome: 'failed', err: undefined }, 'commit failed']])
  expect(partition).toMatchObject({ committedOffset: null, isMetadataRefused: false })
  await clock.advance(2_000)
  expect(sent.map(([request]) => request?.metadata)).toEqual(['map', 'map', ''])
  expect(partition.committedOffset).toBe(6n)
})

it('takes an answer that leaves a partition out for none: it is still due', async () => {
  const { clock, sent, partition, settle } = stage(1, [() => []])
  settle()
  await clock.settle()
  expect(partition.committedOffset).toBeNull()
  settle()
  await clock.settle()
  expect(sent).toHaveLength(2)
  expect(partition.committedOffset).toBe(7n)
})
