import { drain } from './drain.ts'
import { openLoop } from './open-loop.ts'
import { publishBatches } from './publish-batches.ts'
import { publishFromManyCallers, publishOneByOne } from './publish-singly.ts'
import { fewKeys, skewedKeys } from './sleeping-handlers.ts'
import { besideTrouble } from './stuck.ts'
import type { Size, Workload } from './workload.ts'

/** In the order of the tables. */
export function workloads(size: Size): readonly Workload[] {
  return [
    publishBatches(size),
    publishOneByOne(size),
    publishFromManyCallers(size),
    drain(size),
    ...fewKeys(size),
    ...skewedKeys(size),
    openLoop(size),
    ...besideTrouble(size),
  ]
}

export function workload(id: string, size: Size): Workload {
  const found = workloads(size).find((candidate) => candidate.id === id)
  if (found === undefined) throw new Error(`there is no workload ${id}`)
  return found
}
