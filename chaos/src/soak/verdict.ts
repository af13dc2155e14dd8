import type { Sample } from './samples.ts'

/** One thing that had to hold, and whether it did. */
export interface Check {
  readonly name: string
  readonly holds: boolean
  readonly detail: string
}

const MEBIBYTE = 1_048_576
/** The part of the samples, from the start, in which caches fill and code is compiled: not judged. */
const WARM_UP = 0.2
/** A size is flat when the straight line through its samples rises by no more than the larger of the two, from the first judged sample to the last. */
const tolerances = {
  heapUsed: { part: 0.05, bytes: 2 * MEBIBYTE },
  rss: { part: 0.1, bytes: 16 * MEBIBYTE },
} as const
/** The part of the asked rate that the slowest minute must have handled. */
const SLOWEST_MINUTE = 0.95

export interface Soaked {
  readonly samples: readonly Sample[]
  readonly perSecond: number
  readonly deadLetters: number
  /** How many of the published events have the fate to end as dead letters. */
  readonly expectedDeadLetters: number
}

export function verdictOn({ samples, perSecond, deadLetters, expectedDeadLetters }: Soaked): Check[] {
  const last = samples.at(-1)
  if (last === undefined) return [{ name: 'the service said something', holds: false, detail: 'no samples' }]
  const minutes = handledPerMinute(samples)
  const slowest = minutes.length === 0 ? 0 : Math.min(...minutes)
  return [
    flat('heapUsed', samples),
    flat('rss', samples),
    {
      name: 'throughput is flat',
      holds: slowest >= perSecond * 60 * SLOWEST_MINUTE,
      detail:
        minutes.length === 0
          ? 'no whole minute of load was sampled'
          : `${Math.round(perSecond * 60)} events a minute asked for, ${slowest} handled in the slowest, ${Math.max(...minutes)} in the busiest`,
    },
    {
      name: 'everything published was handled or dead-lettered, once',
      holds: last.rejected === 0 && last.published === last.handled + deadLetters && last.lag === 0,
      detail: `${last.published} published, ${last.rejected} rejected, ${last.handled} handled, ${deadLetters} dead letters, lag ${last.lag}`,
    },
    {
      name: 'dead letters are those that had to be',
      holds: deadLetters === expectedDeadLetters,
      detail: `${deadLetters} of ${expectedDeadLetters}`,
    },
  ]
}

function flat(size: 'heapUsed' | 'rss', samples: readonly Sample[]): Check {
  const judged = samples.slice(Math.floor(samples.length * WARM_UP))
  const values = judged.map((sample) => sample[size])
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const first = judged[0]?.at ?? 0
  const spanMs = (judged.at(-1)?.at ?? 0) - first
  const growth =
    slope(
      judged.map(({ at }) => at - first),
      values,
    ) * spanMs
  const allowed = Math.max(tolerances[size].part * mean, tolerances[size].bytes)
  return {
    name: `${size} is flat`,
    holds: judged.length >= 3 && growth <= allowed,
    detail: `mean ${mib(mean)}, ${growth < 0 ? '' : '+'}${mib(growth)} in ${Math.round(spanMs / 60_000)} min, allowed +${mib(allowed)}`,
  }
}

/** Of the straight line that fits best (least squares), in units of y per unit of x. */
export function slope(xs: readonly number[], ys: readonly number[]): number {
  const meanX = xs.reduce((sum, x) => sum + x, 0) / xs.length
  const meanY = ys.reduce((sum, y) => sum + y, 0) / ys.length
  const spread = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0)
  return spread === 0 ? 0 : xs.reduce((sum, x, index) => sum + (x - meanX) * ((ys[index] ?? 0) - meanY), 0) / spread
}

/** Whole minutes between samples; the first minute, in which the load begins, is left out. */
export function handledPerMinute(samples: readonly Sample[]): number[] {
  const minutes: number[] = []
  let from = samples.find(({ at }) => at >= (samples[0]?.at ?? 0) + 60_000)
  for (const sample of samples) {
    if (from === undefined || sample.at - from.at < 59_500) continue
    // The load has ended somewhere in between.
    if (sample.published === from.published || isAfterLoad(sample, samples)) break
    minutes.push(Math.round(((sample.handled - from.handled) * 60_000) / (sample.at - from.at)))
    from = sample
  }
  return minutes
}

function isAfterLoad(sample: Sample, samples: readonly Sample[]): boolean {
  return sample.published === samples.at(-1)?.published
}

export const mib = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(1)} MiB`
