/** The settings of a topic. All of Kafka's are known by name and default; those that this broker obeys have a getter. */
import type { LogPolicy } from '../log/log-policy.ts'
import type { BatchRules } from '../log/validate-batch.ts'

const longMax = '9223372036854775807'

/**
 * Kafka 4.3's settings and defaults. The type decides which values are accepted; `broker` is the broker's own setting
 * from which a topic without one inherits, where there is such a setting.
 */
const known = {
  'cleanup.policy': { type: 'list', fallback: 'delete', allowed: ['delete', 'compact'], broker: 'log.cleanup.policy' },
  'compression.gzip.level': { type: 'int', fallback: '-1', broker: 'compression.gzip.level' },
  'compression.lz4.level': { type: 'int', fallback: '9', min: 1, broker: 'compression.lz4.level' },
  'compression.type': {
    type: 'string',
    fallback: 'producer',
    allowed: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    broker: 'compression.type',
  },
  'compression.zstd.level': { type: 'int', fallback: '3', broker: 'compression.zstd.level' },
  'delete.retention.ms': { type: 'long', fallback: '86400000', min: 0, broker: 'log.cleaner.delete.retention.ms' },
  'file.delete.delay.ms': { type: 'long', fallback: '60000', min: 0, broker: 'log.segment.delete.delay.ms' },
  'flush.messages': { type: 'long', fallback: longMax, min: 1, broker: 'log.flush.interval.messages' },
  'flush.ms': { type: 'long', fallback: longMax, min: 0 },
  'follower.replication.throttled.replicas': { type: 'list', fallback: '' },
  'index.interval.bytes': { type: 'int', fallback: '4096', min: 0, broker: 'log.index.interval.bytes' },
  'leader.replication.throttled.replicas': { type: 'list', fallback: '' },
  'local.retention.bytes': { type: 'long', fallback: '-2', min: -2, broker: 'log.local.retention.bytes' },
  'local.retention.ms': { type: 'long', fallback: '-2', min: -2, broker: 'log.local.retention.ms' },
  'max.compaction.lag.ms': { type: 'long', fallback: longMax, min: 1, broker: 'log.cleaner.max.compaction.lag.ms' },
  'max.message.bytes': { type: 'int', fallback: '1048588', min: 0, broker: 'message.max.bytes' },
  'message.timestamp.after.max.ms': {
    type: 'long',
    fallback: '3600000',
    min: 0,
    broker: 'log.message.timestamp.after.max.ms',
  },
  'message.timestamp.before.max.ms': {
    type: 'long',
    fallback: longMax,
    min: 0,
    broker: 'log.message.timestamp.before.max.ms',
  },
  'message.timestamp.type': {
    type: 'string',
    fallback: 'CreateTime',
    allowed: ['CreateTime', 'LogAppendTime'],
    broker: 'log.message.timestamp.type',
  },
  'min.cleanable.dirty.ratio': { type: 'double', fallback: '0.5', min: 0, broker: 'log.cleaner.min.cleanable.ratio' },
  'min.compaction.lag.ms': { type: 'long', fallback: '0', min: 0, broker: 'log.cleaner.min.compaction.lag.ms' },
  'min.insync.replicas': { type: 'int', fallback: '1', min: 1, broker: 'min.insync.replicas' },
  preallocate: { type: 'boolean', fallback: 'false', broker: 'log.preallocate' },
  'remote.log.copy.disable': { type: 'boolean', fallback: 'false' },
  'remote.log.delete.on.disable': { type: 'boolean', fallback: 'false' },
  'remote.storage.enable': { type: 'boolean', fallback: 'false' },
  'retention.bytes': { type: 'long', fallback: '-1', broker: 'log.retention.bytes' },
  'retention.ms': { type: 'long', fallback: '604800000', min: -1 },
  'segment.bytes': { type: 'int', fallback: '1073741824', min: 1048576, broker: 'log.segment.bytes' },
  'segment.index.bytes': { type: 'int', fallback: '10485760', min: 4, broker: 'log.index.size.max.bytes' },
  'segment.jitter.ms': { type: 'long', fallback: '0', min: 0 },
  'segment.ms': { type: 'long', fallback: '604800000', min: 1 },
  'unclean.leader.election.enable': { type: 'boolean', fallback: 'false', broker: 'unclean.leader.election.enable' },
} as const satisfies Record<string, Setting>

interface Setting {
  readonly type: 'string' | 'int' | 'long' | 'double' | 'boolean' | 'list'
  readonly fallback: string
  readonly allowed?: readonly string[]
  readonly min?: number
  readonly broker?: string
}

type SettingName = keyof typeof known

export interface ConfigEntry {
  readonly name: string
  readonly value: string
  readonly type: Setting['type']
  readonly isDefault: boolean
  /** What it would be without this topic's own value, and by which name the broker knows that. */
  readonly inherited?: { readonly name: string; readonly value: string }
}

export class TopicConfig {
  #set: ReadonlyMap<string, string>
  readonly #note: (set: ReadonlyMap<string, string>) => void
  #batchRules: BatchRules
  #logPolicy: LogPolicy

  /** @param note - told of changed settings before they count; it may refuse them by throwing. */
  constructor(set: ReadonlyMap<string, string>, note: (set: ReadonlyMap<string, string>) => void = () => {}) {
    this.#set = set
    this.#note = note
    this.#batchRules = this.#readBatchRules()
    this.#logPolicy = this.#readLogPolicy()
  }

  /** What was set for this topic, without the defaults. */
  get overrides(): ReadonlyMap<string, string> {
    return this.#set
  }

  /** The caller has checked the values with {@link configFault}. */
  replace(set: ReadonlyMap<string, string>): void {
    this.#note(set)
    this.#set = set
    this.#batchRules = this.#readBatchRules()
    this.#logPolicy = this.#readLogPolicy()
  }

  entries(): ConfigEntry[] {
    return Object.entries<Setting>(known).map(([name, { type, fallback, broker }]) => ({
      name,
      value: this.#set.get(name) ?? fallback,
      type,
      isDefault: !this.#set.has(name),
      ...(broker === undefined ? {} : { inherited: { name: broker, value: fallback } }),
    }))
  }

  get batchRules(): BatchRules {
    return this.#batchRules
  }

  get logPolicy(): LogPolicy {
    return this.#logPolicy
  }

  get minInSyncReplicas(): number {
    return Number(this.#get('min.insync.replicas'))
  }

  #readBatchRules(): BatchRules {
    return {
      maxMessageBytes: Number(this.#get('max.message.bytes')),
      timestampType: this.#get('message.timestamp.type') === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
      maxTimestampBehindMs: Number(this.#get('message.timestamp.before.max.ms')),
      maxTimestampAheadMs: Number(this.#get('message.timestamp.after.max.ms')),
      requiresKeys: this.#cleanupPolicies.includes('compact'),
    }
  }

  #readLogPolicy(): LogPolicy {
    const compacts = this.#cleanupPolicies.includes('compact')
    const segmentMs = Number(this.#get('segment.ms'))
    return {
      segmentBytes: Number(this.#get('segment.bytes')),
      segmentMs: compacts ? Math.min(segmentMs, Number(this.#get('max.compaction.lag.ms'))) : segmentMs,
      deletes: this.#cleanupPolicies.includes('delete'),
      compacts,
      retentionMs: orUnlimited(Number(this.#get('retention.ms'))),
      retentionBytes: orUnlimited(Number(this.#get('retention.bytes'))),
      deleteRetentionMs: Number(this.#get('delete.retention.ms')),
      minCleanableDirtyRatio: Number(this.#get('min.cleanable.dirty.ratio')),
      minCompactionLagMs: Number(this.#get('min.compaction.lag.ms')),
    }
  }

  get #cleanupPolicies(): readonly string[] {
    return this.#get('cleanup.policy').split(',')
  }

  #get(name: SettingName): string {
    return this.#set.get(name) ?? known[name].fallback
  }
}

function orUnlimited(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value
}

/** Says what is wrong with a setting, if anything. */
export function configFault(name: string, value: string | null): string | undefined {
  const setting: Setting | undefined = Object.hasOwn(known, name) ? known[name as SettingName] : undefined
  if (!setting) return `Unknown topic config name: ${name}`
  if (value === null) return `Null value not supported for topic configs: ${name}`
  const parts = setting.type === 'list' ? value.split(',').filter((part) => part !== '') : [value]
  const isFine = parts.every((part) => (setting.allowed ? setting.allowed.includes(part) : valueFits(setting, part)))
  return isFine ? undefined : `Invalid value ${value} for configuration ${name}`
}

/** Whether the value of a list setting can be appended to or subtracted from. */
export function isListSetting(name: string): boolean {
  return Object.hasOwn(known, name) && known[name as SettingName].type === 'list'
}

function valueFits({ type, min = Number.NEGATIVE_INFINITY }: Setting, value: string): boolean {
  if (Number(value) < min) return false
  switch (type) {
    case 'int':
      return /^-?\d{1,10}$/.test(value) && Math.abs(Number(value)) < 2 ** 31
    case 'long':
      return /^-?\d{1,19}$/.test(value)
    case 'double':
      return value.trim() !== '' && Number.isFinite(Number(value))
    case 'boolean':
      return value === 'true' || value === 'false'
    default:
      return true
  }
}
