/** `pnpm chaos`: a group on a real Kafka while things go wrong, and an oracle that was not there. Exit status 1 when something was lost or out of order. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { kafkajs } from '@tributary/kafkajs'
import { planFaults } from './faults/plan.ts'
import { type ChaosOptions, parseChaosOptions, usage } from './options/chaos-options.ts'
import { UsageError } from './options/number-option.ts'
import { checksOf } from './oracle/checks.ts'
import { collect } from './oracle/collect.ts'
import { measure } from './oracle/measures.ts'
import { play } from './play.ts'
import { startStory } from './report/story.ts'
import { summaryLines } from './report/summary.ts'
import { writeReport } from './report/write-report.ts'
import { startCluster } from './stage/cluster.ts'
import { Members } from './stage/members.ts'
import { createTopics } from './stage/topics.ts'

const GROUP = 'counters'
const PARTITIONS = 12
const MEMBERS = 5

async function chaos(options: ChaosOptions, signal: AbortSignal): Promise<number> {
  const { scenario, seed, minutes, perSecond, reportFile } = options
  const story = startStory(process.stdout)
  const title = `${scenario}, seed ${seed}, ${minutes} min at ${perSecond} events/s`
  story.say(`${title}: starting three brokers …`)
  await using closing = new AsyncDisposableStack()
  const dir = await mkdtemp(path.join(tmpdir(), 'tributary-chaos-'))
  let isKept = true
  closing.defer(() => (isKept && !signal.aborted ? undefined : rm(dir, { recursive: true, force: true })))

  const cluster = await startCluster(closing)
  const driver = kafkajs({ brokers: cluster.direct })
  closing.defer(() => driver.close())
  const admin = driver.createAdmin({ clientId: 'oracle' })
  await createTopics(admin, { group: GROUP, partitions: PARTITIONS })
  const members = new Members({ brokers: cluster.throughLines, group: GROUP }, dir)
  closing.defer(() => members.killAll())

  const playMs = minutes * 60_000
  const played = await play({
    stage: { cluster, members, story, signal },
    admin,
    group: GROUP,
    members: MEMBERS,
    lanes: planFaults({ scenario, seed, playMs, members: MEMBERS }),
    playMs,
    perSecond,
    dir,
    closing,
  })
  const collected = await collect(admin, GROUP, played, members.lives)
  const measures = measure(collected.evidence)
  const checks = checksOf(collected, measures, scenario)
  const failed = checks.filter(({ holds }) => !holds).length
  const machine = { cores: availableParallelism(), platform: process.platform, node: process.version }
  await writeReport(reportFile, { options, machine, checks, measures, faults: played.faults })

  for (const line of summaryLines(title, collected.evidence, measures, checks)) story.note(line)
  isKept = failed > 0
  story.note(`   kept: ${reportFile}${isKept ? `, and every journal and log in ${dir}` : ''}`)
  story.note(`${checks.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort())
try {
  const options = parseChaosOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(`${usage}\n`)
  else process.exitCode = await chaos(options, interruption.signal)
} catch (error) {
  if (interruption.signal.aborted) {
    process.stderr.write('chaos: interrupted; everything that was started has been ended\n')
    process.exitCode = 130
  } else if (error instanceof UsageError) {
    process.stderr.write(`chaos: ${error.message}\n${usage}\n`)
    process.exitCode = 2
  } else throw error
}
