/** The topic settings that say how a log is cut into segments and what is removed from it. */
export interface LogPolicy {
  readonly segmentBytes: number
  /** A segment whose first record is older than this, by the time of the next one, is ended. */
  readonly segmentMs: number
  /** `cleanup.policy` contains `delete`. */
  readonly deletes: boolean
  /** `cleanup.policy` contains `compact`. */
  readonly compacts: boolean
  /** Infinity keeps everything. */
  readonly retentionMs: number
  /** Infinity keeps everything. */
  readonly retentionBytes: number
  /** How long a tombstone can be read after it was first compacted. */
  readonly deleteRetentionMs: number
  /** Compaction waits until more than this share of what it would read is new. */
  readonly minCleanableDirtyRatio: number
  /** Younger records are not compacted. */
  readonly minCompactionLagMs: number
}

/** Kafka's defaults. */
export const defaultLogPolicy: LogPolicy = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  deletes: true,
  compacts: false,
  retentionMs: 604_800_000,
  retentionBytes: Number.POSITIVE_INFINITY,
  deleteRetentionMs: 86_400_000,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
}
