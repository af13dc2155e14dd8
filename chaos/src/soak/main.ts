/** `pnpm soak`: one service on a real Kafka for a long time, at a steady load with 1 % failing events. Exit status 1 when something is not flat, or missing. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startKafka } from '@tributary/infra'
import { kafkajs } from '@tributary/kafkajs'
import { readJournal } from '../journal/journal.ts'
import { UsageError } from '../options/number-option.ts'
import { fateOf } from '../programs/fate.ts'
import { runProgram } from '../programs/run-program.ts'
import { startStory } from '../report/story.ts'
import { writeReport } from '../report/write-report.ts'
import { createTopics, deadLetterCount, uncommitted } from '../stage/topics.ts'
import { nthEvent, type SoakSettings } from './load.ts'
import { parseSoakOptions, type SoakOptions, usage } from './options.ts'
import type { Sample } from './samples.ts'
import { mib, verdictOn } from './verdict.ts'

const GROUP = 'soaked'
const SAMPLE_EVERY_MS = 10_000
/** How long the last events may take to be settled. */
const DRAIN_MS = 60_000

async function soak(options: SoakOptions, signal: AbortSignal): Promise<number> {
  const story = startStory(process.stdout)
  await using closing = new AsyncDisposableStack()
  const dir = await mkdtemp(path.join(tmpdir(), 'tributary-soak-'))
  closing.defer(() => rm(dir, { recursive: true, force: true }))
  story.say('starting Kafka, one node …')
  const kafka = await startKafka()
  closing.defer(() => kafka.close())
  const driver = kafkajs({ brokers: kafka.brokers })
  closing.defer(() => driver.close())
  const admin = driver.createAdmin({ clientId: 'soak-oracle' })
  await createTopics(admin, { group: GROUP, partitions: 6 })

  const settings: SoakSettings = {
    brokers: kafka.brokers,
    group: GROUP,
    perSecond: options.perSecond,
    publishMs: options.minutes * 60_000,
    sampleEveryMs: SAMPLE_EVERY_MS,
    journalFile: path.join(dir, 'samples.jsonl'),
  }
  const service = await runProgram({
    name: 'service',
    main: 'soak/service.ts',
    settings,
    dir,
    nodeOptions: ['--expose-gc'],
  })
  closing.defer(() => service.stop())
  story.say(`${options.perSecond} events/s for ${options.minutes} min, one in a hundred fails for good`)
  await tell(settings, story, service, signal)

  const drainedBy = performance.now() + DRAIN_MS
  while ((await uncommitted(admin, GROUP)) > 0n && performance.now() < drainedBy)
    await sleep(200, undefined, { signal })
  const deadLetters = await deadLetterCount(admin, GROUP)
  await service.stop()

  const samples = readJournal<Sample>(settings.journalFile)
  const published = samples.at(-1)?.published ?? 0
  const expectedDeadLetters = Array.from({ length: published }, (_, n) => nthEvent(n)).filter(
    ({ stream, seq }) => fateOf(stream, seq) === 'dead-letter',
  ).length
  const checks = verdictOn({ samples, perSecond: options.perSecond, deadLetters, expectedDeadLetters })
  await writeReport(options.reportFile, { options, machine: machine(), checks, samples })
  story.note('')
  for (const { name, holds, detail } of checks) story.note(`   ${holds ? '✓' : '✗'} ${name} (${detail})`)
  const failed = checks.filter(({ holds }) => !holds).length
  story.note(`   all samples: ${options.reportFile}\n${checks.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

/** A line a minute, until nothing is published any more. */
async function tell(
  { journalFile, publishMs }: SoakSettings,
  story: ReturnType<typeof startStory>,
  service: { isRunning(): boolean },
  signal: AbortSignal,
): Promise<void> {
  const endAt = performance.now() + publishMs
  while (performance.now() < endAt) {
    await sleep(Math.min(60_000, endAt - performance.now()), undefined, { signal })
    if (!service.isRunning()) throw new Error(`the service has ended by itself; the last it said is in ${journalFile}`)
    const last = readJournal<Sample>(journalFile).at(-1)
    if (last === undefined) continue
    story.say(
      `${last.handled} handled of ${last.published}, lag ${last.lag}, heap ${mib(last.heapUsed)}, resident ${mib(last.rss)}, at worst ${Math.round(last.worstDelayMs)} ms late`,
    )
  }
}

const machine = (): object => ({ cores: availableParallelism(), platform: process.platform, node: process.version })

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort())
try {
  const options = parseSoakOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(`${usage}\n`)
  else process.exitCode = await soak(options, interruption.signal)
} catch (error) {
  if (interruption.signal.aborted) process.exitCode = 130
  else if (error instanceof UsageError) {
    process.stderr.write(`soak: ${error.message}\n${usage}\n`)
    process.exitCode = 2
  } else throw error
}
