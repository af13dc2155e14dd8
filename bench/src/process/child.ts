/** The contender's own process: does one job and says what it took. Started by `run-in-child.ts`. */
import process from 'node:process'
import { contenders } from '../contenders/registry.ts'
import { workload } from '../workloads/registry.ts'
import type { Job } from '../workloads/workload.ts'

// Nobody is left to hear the result.
process.once('disconnect', () => process.exit(1))
const job: Job = JSON.parse(process.argv[2] ?? '')
const load = contenders[job.contender]
if (load === undefined) throw new Error(`there is no contender ${job.contender}`)
const contender = await load()
contender.prepareProcess?.()
const measured = await workload(job.workload, job.size).run(contender, job)
process.send?.(measured, undefined, undefined, () => process.exit(0))
