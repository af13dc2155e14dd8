/** Brings a topic plan onto a cluster: creates and grows, never shrinks or deletes, and says what it did. */
import type { DriverAdmin, TopicSpec } from './driver.ts'
import { collidingForm, type PlannedTopic, provenanceBytes, topicPlanError } from './topic-plan.ts'
import { isGroupTopicOf } from './topics.ts'

export interface ApplyTopicsOptions {
  /**
   * Changes nothing; the report says what would be done.
   *
   * @defaultValue false
   */
  readonly dryRun?: boolean
}

export interface TopicReport {
  readonly created: readonly string[]
  readonly grown: readonly { readonly topic: string; readonly from: number; readonly to: number }[]
  /** Settings of a group's topics that were too small: for a record of their source, or for the longest wait in a retry topic. */
  readonly raised: readonly {
    readonly topic: string
    readonly config: string
    readonly from: string
    readonly to: string
  }[]
  readonly unchanged: readonly string[]
  /**
   * Topics of these groups that the plan does not know and that still hold records which their group has not settled: of an older configuration, most likely.
   * Subscriptions read retry topics that are left over, until they are empty.
   */
  readonly leftovers: readonly { readonly topic: string; readonly records: bigint }[]
}

interface ActualTopic {
  readonly partitions: number
  readonly configs: ReadonlyMap<string, string>
}

type Actual = ReadonlyMap<string, ActualTopic>

/**
 * Makes sure that the cluster has what the plan asks for. Running it again changes nothing.
 *
 * Existing source topics keep their settings and grow to the planned number of partitions. Dead-letter, redrive and retry topics follow their source as it
 * really is, and are ready before it is created or grows: a record must never find its dead-letter topic too small.
 *
 * @throws {TopicPlanError} that lists everything on the cluster that contradicts the plan; nothing is changed then.
 */
export async function applyTopics(
  admin: DriverAdmin,
  plan: readonly PlannedTopic[],
  options: ApplyTopicsOptions = {},
): Promise<TopicReport> {
  const names = await admin.listTopics()
  const actual = await actualTopics(admin, plan)
  const faults = conflicts(plan, actual, names)
  if (faults.length > 0) throw topicPlanError(faults)

  const wanted = plan.map((planned) => fittedToSource(planned, plan, actual)).toSorted(groupTopicsFirst)
  const missing = wanted.filter(({ topic }) => !actual.has(topic))
  const grown = wanted.flatMap(({ topic, partitions }) => {
    const from = actual.get(topic)?.partitions ?? partitions
    return from < partitions ? [{ topic, from, to: partitions }] : []
  })
  const raised = wanted.flatMap((planned) => tooSmallConfigs(planned, actual))
  const changed = new Set([...missing, ...grown, ...raised].map(({ topic }) => topic))

  if (options.dryRun !== true) {
    for (const { topic, config, to } of raised) await admin.alterTopicConfigs(topic, { [config]: to })
    const isSource = (topic: string): boolean =>
      wanted.some((planned) => planned.topic === topic && planned.group === null)
    await create(
      admin,
      missing.filter(({ topic }) => !isSource(topic)),
    )
    for (const { topic, to } of grown) await admin.createPartitions(topic, to)
    await create(
      admin,
      missing.filter(({ topic }) => isSource(topic)),
    )
  }
  return {
    created: missing.map(({ topic }) => topic),
    grown,
    raised,
    unchanged: plan.map(({ topic }) => topic).filter((topic) => !changed.has(topic)),
    leftovers: await leftovers(admin, plan, names),
  }
}

async function actualTopics(admin: DriverAdmin, plan: readonly PlannedTopic[]): Promise<Actual> {
  const actual = new Map<string, ActualTopic>()
  for (const { topic, partitions } of await admin.describeTopics(plan.map(({ topic }) => topic))) {
    actual.set(topic, { partitions, configs: await admin.topicConfigs(topic) })
  }
  return actual
}

function conflicts(plan: readonly PlannedTopic[], actual: Actual, names: readonly string[]): string[] {
  const faults: string[] = []
  const others = new Map(names.map((name) => [collidingForm(name), name]))
  for (const { topic } of plan) {
    const configs = actual.get(topic)?.configs
    if (configs?.get('cleanup.policy')?.includes('compact') === true) {
      faults.push(
        `${topic} is compacted, which removes events that were not handled yet: set cleanup.policy=delete or choose another topic`,
      )
    }
    const other = others.get(collidingForm(topic))
    if (configs === undefined && other !== undefined && other !== topic) {
      faults.push(`${topic} cannot be created beside ${other}: Kafka takes dots and underscores for the same`)
    }
  }
  return faults
}

/** A group's topic as its source demands it: no fewer partitions, and room for a record of the source with its provenance. */
function fittedToSource(planned: PlannedTopic, plan: readonly PlannedTopic[], actual: Actual): PlannedTopic {
  if (planned.group === null) return planned
  const source = actual.get(planned.source)
  const plannedSource = plan.find(({ topic }) => topic === planned.source)
  const sourceBytes = Number(source?.configs.get('max.message.bytes') ?? 0)
  return {
    ...planned,
    partitions: Math.max(planned.partitions, source?.partitions ?? 0, plannedSource?.partitions ?? 0),
    configs: {
      ...planned.configs,
      'max.message.bytes': String(
        Math.max(Number(planned.configs['max.message.bytes']), sourceBytes + provenanceBytes),
      ),
    },
  }
}

function groupTopicsFirst(a: PlannedTopic, b: PlannedTopic): number {
  return Number(a.group === null) - Number(b.group === null)
}

/** Existing settings of a group's topic that are below what is wanted. Sources are left as somebody made them. */
function tooSmallConfigs(planned: PlannedTopic, actual: Actual): TopicReport['raised'][number][] {
  const existing = actual.get(planned.topic)
  if (existing === undefined || planned.group === null) return []
  const tooSmall = (config: string): TopicReport['raised'] => {
    const from = existing.configs.get(config)
    const to = planned.configs[config]
    if (from === undefined || to === undefined || atLeast(from, to)) return []
    return [{ topic: planned.topic, config, from, to }]
  }
  // How long dead letters are kept is for people to decide; what waits in a retry topic must be there when it is due.
  return [...tooSmall('max.message.bytes'), ...(planned.purpose === 'retry' ? tooSmall('retention.ms') : [])]
}

/** Kafka writes -1 for a retention without end. */
function atLeast(actual: string, wanted: string): boolean {
  return actual === '-1' || (wanted !== '-1' && Number(actual) >= Number(wanted))
}

async function create(admin: DriverAdmin, topics: readonly PlannedTopic[]): Promise<void> {
  if (topics.length === 0) return
  const specs: TopicSpec[] = topics.map(({ topic, partitions, replicationFactor, configs }) => ({
    topic,
    partitions,
    replicationFactor,
    configs,
  }))
  await admin.createTopics(specs)
}

async function leftovers(
  admin: DriverAdmin,
  plan: readonly PlannedTopic[],
  names: readonly string[],
): Promise<TopicReport['leftovers']> {
  const planned = new Set(plan.map(({ topic }) => topic))
  const groups = [...new Set(plan.flatMap(({ group }) => (group === null ? [] : [group])))]
  const found: { topic: string; records: bigint }[] = []
  for (const topic of names) {
    const group = groups.find((candidate) => isGroupTopicOf(topic, candidate, names))
    if (planned.has(topic) || group === undefined) continue
    const records = await unsettledRecords(admin, group, topic)
    if (records > 0n) found.push({ topic, records })
  }
  return found
}

/** What a group has not committed of a topic: all of it for a dead-letter topic, which nobody consumes. */
async function unsettledRecords(admin: DriverAdmin, group: string, topic: string): Promise<bigint> {
  const committed = new Map(
    (await admin.committed(group, topic)).map(({ partition, nextOffset }) => [partition, nextOffset]),
  )
  let records = 0n
  for (const { partition, logStartOffset, logEndOffset } of await admin.offsets(topic)) {
    let from = committed.get(partition) ?? logStartOffset
    if (from < logStartOffset) from = logStartOffset
    if (logEndOffset > from) records += logEndOffset - from
  }
  return records
}
