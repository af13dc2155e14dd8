import { consumingMutants } from './consuming.ts'
import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [...consumingMutants]
