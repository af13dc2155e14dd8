/** The engine under seeds: a few here, 2,000 in CI, more by `pnpm simulate`. A seed that failed once stays in the list. */
import { expect, it } from 'vitest'
import { runEngineSeed } from './engine-simulation.ts'

const SEEDS = 100

it(`keeps I1 to I7 through ${SEEDS} histories in which everything goes wrong`, { timeout: 240_000 }, async () => {
  const broken: string[] = []
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { violation } = await runEngineSeed(seed)
    if (violation !== null) broken.push(`seed ${seed}: ${violation.invariant} ${violation.message}`)
  }
  expect(broken).toEqual([])
})

it('takes the same course for the same seed, and another for another', async () => {
  const hashes: string[] = []
  for (const seed of [3, 4, 5, 3, 4, 5]) hashes.push((await runEngineSeed(seed, true)).hash)
  expect(hashes.slice(3)).toEqual(hashes.slice(0, 3))
  expect(new Set(hashes).size).toBe(3)
})
