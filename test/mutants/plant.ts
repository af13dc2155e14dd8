import { resolve } from 'node:path'
import type { Plugin } from 'vitest/config'
import { mutants } from './catalogue.ts'

/** The environment variable that names the mutant to plant. */
export const plantedVariable = 'TRIBUTARY_MUTANT'

/** Plants a fault as a module is loaded, so that no file is ever changed on disk. */
export function plant(name: string | undefined): Plugin {
  const mutant = mutants.find((candidate) => candidate.name === name)
  if (name !== undefined && mutant === undefined) throw new Error(`there is no mutant '${name}'`)
  return {
    name: 'plant-mutant',
    enforce: 'pre',
    // The module as it was loaded in another run has no fault, or another one; all others may come from the cache.
    configureVitest({ defineCacheKeyGenerator }) {
      defineCacheKeyGenerator(({ id }) => (mutant !== undefined && id === resolve(mutant.file) ? false : undefined))
    },
    transform(code, id) {
      if (mutant === undefined || id !== resolve(mutant.file)) return null
      return { code: code.replace(mutant.original, () => mutant.planted), map: null }
    },
  }
}
