/** Runs the plan: round by round, and within a round one contender after the other, so that a slow minute of the machine hits all of them. */
import { contenders } from './contenders/registry.ts'
import { runInChild } from './process/run-in-child.ts'
import type { Result } from './results/result.ts'
import type { Stage } from './stage/stage.ts'
import { workload as workloadNamed } from './workloads/registry.ts'
import type { Size, Workload } from './workloads/workload.ts'

export interface Rounds {
  readonly size: Size
  readonly rounds: number
  readonly workloads: readonly string[]
  readonly contenders: readonly string[]
}

export async function runRounds(plan: Rounds, stage: Stage, onResult: (result: Result) => void): Promise<void> {
  for (const id of plan.workloads) {
    const workload = workloadNamed(id, plan.size)
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const name of rotated(plan.contenders, round)) {
        const result = await runOnce(workload, name, round, plan.size, stage)
        if (result !== null) onResult(result)
      }
    }
  }
}

/** Null when the contender cannot do this. */
async function runOnce(
  workload: Workload,
  name: string,
  round: number,
  size: Size,
  stage: Stage,
): Promise<Result | null> {
  const contender = await contenders[name]?.()
  if (contender === undefined || !contender.worksAt.includes(workload.work)) return null
  const { form } = contender
  const isOwnTopic = workload.topic === 'empty'
  const topic = isOwnTopic ? await stage.emptyTopic(workload) : await stage.filledTopic(workload, form)
  const place = { workload: workload.id, contender: name, round }
  try {
    const { brokers } = stage
    const job = { workload: workload.id, contender: name, size, brokers, topic, group: stage.name('group') }
    const measured = await runInChild(job)
    const { published } = measured
    const keys = workload.keys.subarray(0, published)
    const onLog = published === undefined ? {} : { onLog: await stage.check(topic, form, keys) }
    return { ...place, measured: { ...measured, ...onLog } }
  } catch (error) {
    return { ...place, error: error instanceof Error ? error.message : String(error) }
  } finally {
    if (isOwnTopic) await stage.deleteTopic(topic)
  }
}

/** Each round begins with another one: nobody always follows the same neighbour. */
function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const start = by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}
