/**
 * Random histories, the same ones in each run, played to this broker and to a real one. Where the answers differ, this broker is wrong.
 * More of them: `TRIBUTARY_HISTORIES=500`, and others with `TRIBUTARY_HISTORIES_SEED=7`.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { histories } from './histories/histories.ts'
import { comparison } from './support/comparison.ts'

const numRuns = Number(process.env['TRIBUTARY_HISTORIES'] ?? 20)
const seed = Number(process.env['TRIBUTARY_HISTORIES_SEED'] ?? 1)
const limitMs = 60_000 + numRuns * 3_000

it.each(Object.entries(histories))(
  'real Kafka and this broker tell the same history of %s',
  { ...comparison, timeout: limitMs + 60_000 },
  async (_name, arbitrary) => {
    const real = process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0]
    if (!real) throw new Error('there is no broker to compare with: set TRIBUTARY_REAL_KAFKA to host:port')
    await using embedded = await startEmbeddedKafka({ autoCreateTopics: false, defaultPartitions: 3 })
    const isSame = fc.asyncProperty(arbitrary, async (history) => {
      expect(await history.differences(real, embedded.bootstrapServers[0] ?? '')).toEqual([])
    })
    // The first difference is shrunk to the fewest steps that show it, as long as there is time.
    await fc.assert(isSame, { numRuns, seed, interruptAfterTimeLimit: limitMs, markInterruptAsFailure: true })
  },
)
