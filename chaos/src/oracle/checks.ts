import type { Scenario } from '../faults/plan.ts'
import type { Collected } from './collect.ts'
import type { Check } from './evidence.ts'
import { lossChecks } from './loss.ts'
import type { Measures } from './measures.ts'
import { orderCheck } from './order.ts'
import { publishingChecks } from './publishing.ts'

/** Everything that must hold after a play. */
export function checksOf({ evidence, ownerless }: Collected, measures: Measures, scenario: Scenario): Check[] {
  const always = [...publishingChecks(evidence), ...lossChecks(evidence), orderCheck(evidence, ownerless)]
  if (scenario === 'faults') return always
  const { duplicates, inFlightWhenMoved, moves } = measures
  return [
    ...always,
    {
      name: 'no more ran twice than was in flight in partitions that moved',
      holds: duplicates <= inFlightWhenMoved,
      detail: `${duplicates} ran twice, ${inFlightWhenMoved} were in flight in ${moves} partitions when these moved`,
    },
  ]
}
