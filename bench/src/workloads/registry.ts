import { drain } from './drain.ts'
import { publishBatches } from './publish-batches.ts'
import type { Size, Workload } from './workload.ts'

/** In the order of the tables. */
export function workloads(size: Size): readonly Workload[] {
  return [publishBatches(size), drain(size)]
}

export function workload(id: string, size: Size): Workload {
  const found = workloads(size).find((candidate) => candidate.id === id)
  if (found === undefined) throw new Error(`there is no workload ${id}`)
  return found
}
