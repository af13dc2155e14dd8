import { describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.ts'
import type { CommitRequest } from '../../driver.ts'
import { silentLogger } from '../../logger.ts'
import { type Committable, Committer } from './committer.ts'

function partitionAt(nextOffset: bigint, given: Partial<Committable> = {}): Committable {
  return {
    topic: 'orders',
    partition: 0,
    epoch: 1,
    state: 'active',
    nextOffset,
    revision: 1,
    metadata: () => 'map',
    committedOffset: null,
    committedRevision: null,
    isCommitFenced: false,
    isMetadataRefused: false,
    ...given,
  }
}

async function flushed(...partitions: Committable[]): Promise<CommitRequest[]> {
  const sent: CommitRequest[] = []
  const committer = new Committer({
    commit: async (requests) => {
      sent.push(...requests)
      return requests.map(({ topic, partition }) => ({ topic, partition, outcome: 'committed' }))
    },
    partitions: () => partitions,
    clock: systemClock,
    pace: { intervalMs: 1_000, maxSettled: 1_000 },
    logger: silentLogger,
    onResult: () => {},
  })
  await committer.flush(partitions, new AbortController().signal)
  return sent
}

describe('Committer', () => {
  it('commits where nothing is stored yet, and where more is settled than stored', async () => {
    const sent = await flushed(partitionAt(5n), partitionAt(7n, { partition: 1, epoch: 4, committedOffset: 6n }))
    expect(sent).toMatchObject([
      { partition: 0, epoch: 1, nextOffset: 5n },
      { partition: 1, epoch: 4, nextOffset: 7n },
    ])
  })

  it('never goes back', async () => {
    expect(await flushed(partitionAt(5n, { committedOffset: 6n }))).toEqual([])
  })

  it('sends nothing when nothing is new', async () => {
    expect(await flushed(partitionAt(5n, { committedOffset: 5n, committedRevision: 1 }))).toEqual([])
  })

  it('sends the same offset with new metadata when more is settled beyond it', async () => {
    const sent = await flushed(partitionAt(5n, { committedOffset: 5n, committedRevision: 0 }))
    expect(sent).toMatchObject([{ nextOffset: 5n, metadata: 'map' }])
  })

  it('commits nothing for a partition that is fenced', async () => {
    expect(await flushed(partitionAt(5n, { state: 'fenced' }))).toEqual([])
    expect(await flushed(partitionAt(5n, { isCommitFenced: true }))).toEqual([])
  })

  // Otherwise, with `maxSettled: 1`: a driver between two generations refuses at once, the refusal asks for the next commit at once, and so on without a
  // turn of the event loop in which the generation could begin.
  it('lets time pass before it sends a refused commit again, however soon settlements are committed', async () => {
    let asked = 0
    const partition = partitionAt(5n)
    const committer = new Committer({
      commit: async (requests) => {
        asked += 1
        const outcome = asked < 1_000 ? 'failed' : 'committed'
        return requests.map(({ topic, partition }) => ({ topic, partition, outcome }))
      },
      partitions: () => [partition],
      clock: systemClock,
      pace: { intervalMs: 1_000, maxSettled: 1 },
      logger: silentLogger,
      onResult: () => {},
    })
    committer.note()
    await new Promise((resolve) => setImmediate(resolve))
    committer.close()
    expect(asked).toBe(1)
  })

  it('commits a partition that is draining', async () => {
    expect(await flushed(partitionAt(5n, { state: 'draining' }))).toHaveLength(1)
  })
})
