import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files of a few lines that run a suite kept elsewhere, over the network. */
const longOnes = /\/(conformance|publish-subscribe|seeds)\.test\.ts$/

/**
 * Without figures of an earlier run, as in a fresh clone, vitest takes a large file for a long one and begins with it. Our longest are our smallest: begun
 * last, they would run alone while the other workers have nothing left to do (a quarter of the whole run, on two cores).
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => longOnes.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
