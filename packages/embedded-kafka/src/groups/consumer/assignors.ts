/** The assignors that run on the broker. */
import type { Assignor } from './assignor.ts'
import { assignByRange } from './range-assignor.ts'
import { assignUniformly } from './uniform-assignor.ts'

/** By the names that members ask for; the first is taken when none asks, or as many ask for one as for the other. */
export const assignors: ReadonlyMap<string, Assignor> = new Map<string, Assignor>([
  ['uniform', assignUniformly],
  ['range', assignByRange],
])

const defaultAssignor = 'uniform'

/** The assignor that most members ask for. */
export function preferredAssignor(wishes: Iterable<string | null>): string {
  const votes = new Map<string, number>()
  for (const wish of wishes) if (wish !== null) votes.set(wish, (votes.get(wish) ?? 0) + 1)
  const most = Math.max(0, ...votes.values())
  return [...assignors.keys()].find((name) => most > 0 && votes.get(name) === most) ?? defaultAssignor
}
