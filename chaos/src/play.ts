import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DriverAdmin } from '@tributary/event-bus'
import type { ServiceProcess } from '@tributary/infra'
import type { PlannedFault } from './faults/plan.ts'
import { runLanes } from './faults/run-lanes.ts'
import type { Stage, StruckFault } from './faults/strike.ts'
import { monotonicMs } from './journal/journal.ts'
import { runProgram } from './programs/run-program.ts'
import type { ProducerSettings } from './programs/settings.ts'
import { uncommitted } from './stage/topics.ts'

export interface PlayOptions {
  readonly stage: Stage
  readonly admin: DriverAdmin
  readonly group: string
  readonly members: number
  readonly lanes: readonly (readonly PlannedFault[])[]
  readonly playMs: number
  readonly perSecond: number
  readonly dir: string
  readonly closing: AsyncDisposableStack
}

export interface Played {
  readonly faults: readonly StruckFault[]
  /** While producers published. */
  readonly served: { readonly from: number; readonly to: number }
  readonly producerJournals: readonly string[]
  readonly uncommitted: bigint
}

const PRODUCERS = 2
const STREAMS_PER_PRODUCER = 200
/** Publishing goes on for so long after the last fault has been mended: service has to be seen to come back. */
const AFTERPLAY_MS = 3_000
const DRAIN_MS = 90_000

/** Members join, producers publish, things go wrong; then everything is mended, and drains. Resolves when all that took part has ended. */
export async function play(options: PlayOptions): Promise<Played> {
  const { stage, admin, group, members, lanes, playMs } = options
  const { story, signal } = stage
  await Promise.all(Array.from({ length: members }, (_, index) => stage.members.start(index + 1)))
  story.say(`${members} members have joined`)
  const producers = await startProducers(options)
  const from = monotonicMs()
  story.say(`${producers.length} producers publish`)

  const faults = await runLanes(lanes, playMs, stage)
  await sleep(AFTERPLAY_MS, undefined, { signal })
  const served = { from, to: monotonicMs() }
  await Promise.all(producers.map(({ process }) => process.stop(60_000)))
  story.say('everything is mended, and nothing is published any more: waiting for the group to drain')

  const deadline = monotonicMs() + DRAIN_MS
  let left = await uncommitted(admin, group)
  while (left > 0n && monotonicMs() < deadline) {
    await sleep(250, undefined, { signal })
    left = await uncommitted(admin, group)
  }
  const ended = stage.members.unexpectedlyEnded()
  if (ended.length > 0) story.say(`  ended by themselves: ${ended.join(', ')}`)
  await stage.members.stopAll()
  story.say(left === 0n ? 'drained' : `${left} records are left after ${DRAIN_MS / 1000} s`)
  return { faults, served, producerJournals: producers.map(({ journalFile }) => journalFile), uncommitted: left }
}

function startProducers({
  stage,
  perSecond,
  dir,
  closing,
}: PlayOptions): Promise<{ process: ServiceProcess; journalFile: string }[]> {
  return Promise.all(
    Array.from({ length: PRODUCERS }, async (_, index) => {
      const name = `producer-${index + 1}`
      const journalFile = path.join(dir, `${name}.jsonl`)
      const settings: ProducerSettings = {
        brokers: stage.cluster.throughLines,
        name,
        streams: STREAMS_PER_PRODUCER,
        perSecond: perSecond / PRODUCERS,
        journalFile,
      }
      const process = await runProgram({ name, main: 'programs/producer.ts', settings, dir })
      closing.defer(() => process.stop(0))
      return { process, journalFile }
    }),
  )
}
