import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scratchDirectory } from '../../../test/support/scratch-directory.ts'
import { GroupCommit } from './group-commit.ts'
import { JournalFile } from './journal-file.ts'

function open(directory: string, room: (bytes: number) => number = (bytes) => bytes) {
  const warnings: string[] = []
  const commit = new GroupCommit(false)
  const warn = (message: string) => warnings.push(message)
  const journal = new JournalFile(path.join(directory, 'journal'), { commit, room, warn })
  return { journal, warnings }
}

const contents = (journal: JournalFile) => new Map([...journal.entries()].map(([key, value]) => [key.join('/'), value]))

it('gives back what was set last, and nothing of what was deleted', async () => {
  using directory = scratchDirectory()
  const { journal } = open(directory.path)
  journal.set(['offset', 'g', 'orders', 0], { nextOffset: '1' })
  journal.set(['offset', 'g', 'orders', 0], { nextOffset: '2' })
  journal.set(['topic', 'über "alles"\n'], 'x')
  journal.set(['topic', 'gone'], 'y')
  journal.delete(['topic', 'gone'])
  await journal.close()
  const expected = new Map<string, unknown>([
    ['offset/g/orders/0', { nextOffset: '2' }],
    ['topic/über "alles"\n', 'x'],
  ])
  expect(contents(journal)).toEqual(expected)
  expect(contents(open(directory.path).journal)).toEqual(expected)
})

// Its hundred flushes wait for a disk that others may keep busy.
it('forgets a torn end, and only that', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000), fc.boolean(), async (at, isFlipped) => {
      using directory = scratchDirectory()
      const file = path.join(directory.path, 'journal')
      const { journal } = open(directory.path)
      const ends: number[] = []
      for (let index = 0; index < 10; index++) {
        journal.set(['key', index], 'v'.repeat(index))
        ends.push(readFileSync(file).length)
      }
      await journal.close()
      const bytes = readFileSync(file)
      const position = Math.floor((bytes.length * at) / 1_001)
      if (isFlipped) bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position)
      writeFileSync(file, isFlipped ? bytes : bytes.subarray(0, position))

      const { journal: after, warnings } = open(directory.path)
      const whole = ends.filter((end) => end <= position).length
      expect([...contents(after).keys()]).toEqual(Array.from({ length: whole }, (_, index) => `key/${index}`))
      expect(warnings.length).toBe(isFlipped || (!ends.includes(position) && position > 0) ? 1 : 0)
      after.set(['key', 'next'], 1)
      await after.close()
      const { journal: last } = open(directory.path)
      expect([...contents(last).keys()].at(-1)).toBe('key/next')
      await last.close()
    }),
    { numRuns: 50 },
  )
})

it('does not grow with what is superseded', async () => {
  using directory = scratchDirectory()
  const { journal } = open(directory.path)
  for (let index = 0; index < 10_000; index++) journal.set(['offset', index % 3], index)
  await journal.close()
  expect(readFileSync(path.join(directory.path, 'journal')).length).toBeLessThan(50_000)
  expect([...contents(open(directory.path).journal)]).toEqual([
    ['offset/0', 9_999],
    ['offset/1', 9_997],
    ['offset/2', 9_998],
  ])
})

it('stays as it was when the disk is full', async () => {
  using directory = scratchDirectory()
  let isFull = false
  const { journal } = open(directory.path, (bytes) => (isFull ? 5 : bytes))
  journal.set(['a'], 1)
  isFull = true
  expect(() => journal.set(['a'], 2)).toThrow('ENOSPC')
  expect(() => journal.delete(['a'])).toThrow('ENOSPC')
  isFull = false
  journal.set(['b'], 3)
  await journal.close()
  const expected = new Map([
    ['a', 1],
    ['b', 3],
  ])
  expect(contents(journal)).toEqual(expected)
  expect(contents(open(directory.path).journal)).toEqual(expected)
})
