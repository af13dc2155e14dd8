import { consumingMutants } from './consuming.ts'
import { failingMutants } from './failing.ts'
import type { Mutant } from './mutant.ts'
import { outageMutants } from './outages.ts'
import { parkingMutants } from './parking.ts'

export const mutants: readonly Mutant[] = [...consumingMutants, ...failingMutants, ...outageMutants, ...parkingMutants]
