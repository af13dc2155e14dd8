/** Compaction of what transactions wrote, in any order of writes, ends, compactions, restarts and power cuts. */
import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { KeyedLog } from '../../test/support/keyed-log.ts'
import { scratchDirectory } from '../../test/support/scratch-directory.ts'
import { settle } from '../../test/support/settle.ts'
import { LogFile } from '../storage/files/log-file.ts'

/** How much of each file is on the disk. Files change their names, and inodes are used again. */
const flushedBytes = new Map<string, number>()
function nodeOf(file: string): string {
  const { ino, birthtimeNs } = statSync(file, { bigint: true })
  return `${ino} ${birthtimeNs}`
}

beforeEach(() => {
  flushedBytes.clear()
  vi.spyOn(LogFile.prototype, 'flush').mockImplementation(function (this: LogFile) {
    const name = existsSync(this.path) ? this.path : this.path.replace('.cleaned', '.log')
    if (existsSync(name)) flushedBytes.set(nodeOf(name), statSync(name).size)
    return Promise.resolve()
  })
})

afterEach(() => vi.restoreAllMocks())

const producers = [0, 1, 2] as const
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      producer: fc.constantFrom(...producers),
      key: fc.constantFrom('a', 'b', 'c'),
      isTombstone: fc.nat(5).map((of) => of === 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('commit' as const, 'abort' as const),
      producer: fc.constantFrom(1, 2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      /** Who writes while it runs, and after how many turns of the event loop. */
      writer: fc.constantFrom(null, ...producers),
      turns: fc.nat(6),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.nat(4_000) }) },
)
const restart = fc.record({ kind: fc.constant('restart' as const), isKilled: fc.boolean(), forgets: fc.boolean() })
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const filesIn = (directory: string, ending: string): string[] =>
  readdirSync(path.join(directory, 'orders-0'))
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(directory, 'orders-0', name))

function forgetCheckpoints(directory: string): void {
  for (const file of filesIn(directory, '.checkpoint')) rmSync(file)
}

async function take(keyed: KeyedLog, each: Step, value: string): Promise<void> {
  keyed.nowMs += 1
  if (each.kind === 'write') keyed.write(each.producer, each.key, each.isTombstone ? null : value)
  else if (each.kind === 'compact') {
    const compacting = keyed.compact()
    for (let turn = 0; turn < each.turns; turn++) await settle()
    if (each.writer !== null) keyed.write(each.writer, 'a', value)
    await compacting
  } else if (each.kind === 'wait') keyed.nowMs += each.milliseconds
  else keyed.end(each.producer, each.kind)
}

it('readers find the last committed value of each key, and the log does not grow for ever', {
  timeout: 120_000,
}, async () => {
  const steps = fc.array(fc.oneof({ weight: 20, arbitrary: step }, { weight: 1, arbitrary: restart }), {
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      using directory = scratchDirectory()
      const keyed = new KeyedLog(directory.path)
      for (const [index, each] of all.entries()) {
        if (each.kind === 'restart') {
          const { endOffset } = keyed.log
          if (each.isKilled) await keyed.die((_, after) => each.forgets && forgetCheckpoints(after))
          else await keyed.restart()
          expect(keyed.log.endOffset).toBe(endOffset)
        } else await take(keyed, each, `${index}`)
        keyed.check()
      }
      for (const producer of [1, 2]) keyed.end(producer, 'abort')
      // What tombstones and markers there are is found, gets its time, and goes when that is over.
      for (let round = 0; round < 4; round++) {
        keyed.roll()
        await keyed.compact()
        keyed.check()
        keyed.nowMs += 10_000
      }
      const { keys, markers } = keyed.left()
      expect(new Set(keys).size).toBe(keys.length)
      // One for each record at most, and one for the latest batch of each producer, which has become empty.
      expect(markers).toBeLessThanOrEqual(keys.length + 2)
      expect(keyed.log.abortedTransactions(0n, keyed.log.endOffset)).toEqual([])
      await keyed.die((_, after) => forgetCheckpoints(after))
      keyed.check()
      await keyed.close()
    }),
    { numRuns: 60 },
  )
})

it('a power cut takes back a part of the end, and nothing that compaction relied on', {
  timeout: 120_000,
}, async () => {
  const cuts = fc.array(fc.record({ thousandths: fc.nat(1_000), forgets: fc.boolean() }), { minLength: 1 })
  const runs = fc.array(fc.tuple(fc.array(step, { maxLength: 30 }), cuts), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(runs, async (all) => {
      using directory = scratchDirectory()
      const keyed = new KeyedLog(directory.path)
      for (const [steps, how] of all) {
        for (const [index, each] of steps.entries()) await take(keyed, each, `${index}`)
        await keyed.die((before, after) => {
          for (const [index, file] of filesIn(before, '.log').entries()) {
            const { thousandths, forgets } = how[index % how.length] as (typeof how)[number]
            const written = statSync(file).size
            const safe = Math.min(flushedBytes.get(nodeOf(file)) ?? 0, written)
            const left = safe + Math.floor(((written - safe) * thousandths) / 1_000)
            const same = file.replace(before, after)
            truncateSync(same, left)
            flushedBytes.set(nodeOf(same), left)
            if (forgets) rmSync(same.replace('.log', '.checkpoint'), { force: true })
          }
        })
        keyed.check()
      }
      await keyed.close()
    }),
    { numRuns: 100 },
  )
})
