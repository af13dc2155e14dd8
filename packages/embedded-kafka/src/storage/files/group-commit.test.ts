import { expect, it } from 'vitest'
import { settle } from '../../../test/support/settle.ts'
import { StorageFailed } from '../storage-failed.ts'
import { GroupCommit } from './group-commit.ts'

/** A file that is on the disk when the test says so. */
function slowFile() {
  const flushes: PromiseWithResolvers<void>[] = []
  const flush = (): Promise<void> => {
    const flushing = Promise.withResolvers<void>()
    flushes.push(flushing)
    return flushing.promise
  }
  return { file: { flush }, flushes }
}

function isDone(promise: Promise<void> | undefined): () => boolean {
  let done = false
  promise?.then(
    () => {
      done = true
    },
    () => {},
  )
  return () => done
}

it('lets nobody wait while nothing is written', () => {
  expect(new GroupCommit(true).flushed()).toBeUndefined()
})

it('leaves it to the operating system where that is wanted', () => {
  const commit = new GroupCommit(false)
  commit.wrote(slowFile().file)
  expect(commit.flushed()).toBeUndefined()
})

it('takes all that wait to the disk together', async () => {
  const commit = new GroupCommit(true)
  const { file, flushes } = slowFile()
  const waiting = [0, 1, 2].map(() => {
    commit.wrote(file)
    return isDone(commit.flushed())
  })
  await settle()
  expect(flushes).toHaveLength(1)
  flushes[0]?.resolve()
  await settle()
  expect(waiting.map((each) => each())).toEqual([true, true, true])
})

it('does not take a flush that began before a write for that of the write', async () => {
  const commit = new GroupCommit(true)
  const { file, flushes } = slowFile()
  commit.wrote(file)
  const first = isDone(commit.flushed())
  await settle()
  commit.wrote(file)
  const second = isDone(commit.flushed())
  flushes[0]?.resolve()
  await settle()
  expect([first(), second()]).toEqual([true, false])
  flushes[1]?.resolve()
  await settle()
  expect(second()).toBe(true)
})

it('makes readers wait for what others are still writing', async () => {
  const commit = new GroupCommit(true)
  const { file, flushes } = slowFile()
  commit.wrote(file)
  void commit.flushed()
  await settle()
  const reader = isDone(commit.flushed())
  await settle()
  expect(reader()).toBe(false)
  flushes[0]?.resolve()
  await settle()
  expect(reader()).toBe(true)
  expect(commit.flushed()).toBeUndefined()
})

it('takes nothing any more after a flush that failed', async () => {
  const commit = new GroupCommit(true)
  const { file, flushes } = slowFile()
  commit.wrote(file)
  const flushed = commit.flushed()
  await settle()
  flushes[0]?.reject(new StorageFailed('EIO'))
  await expect(flushed).rejects.toThrow('EIO')
  expect(() => commit.mustBeSound()).toThrow('an earlier flush to the disk failed')
  commit.wrote(file)
  await expect(commit.flushed()).rejects.toThrow('an earlier flush')
})

it.each([true, false])(
  'tells nobody anything any more after a flush that failed, also who has written nothing; flushes are waited for: %s',
  async (isWanted) => {
    const commit = new GroupCommit(isWanted)
    expect(commit.flushed()).toBeUndefined()
    commit.failed(new StorageFailed('EIO'))
    for (let reader = 0; reader < 2; reader++)
      await expect(commit.flushed()).rejects.toThrow('an earlier flush to the disk failed: EIO')
  },
)
