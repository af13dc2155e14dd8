/**
 * What was redriven beyond a committed offset, as text for the commit's metadata: `tributary-redriven.<committed offset>.<run>.<gap>+<length>,…`, in base 36. The
 * run is a word for whoever wrote it last.
 */
import type { OffsetRange } from '@tributary/event-bus'

const PREFIX = 'tributary-redriven'

/** Kafka's `offset.metadata.max.bytes` unless somebody changed it. */
const MAX_METADATA_BYTES = 4_096

/** @returns null when there are more ranges than there is room for. */
export function metadataFrom(base: bigint, run: string, ranges: readonly OffsetRange[]): string | null {
  let position = base
  const stretches = ranges.map(({ from, to }) => {
    const stretch = `${(from - position).toString(36)}+${(to - from).toString(36)}`
    position = to
    return stretch
  })
  const metadata = `${PREFIX}.${base}.${run}.${stretches.join(',')}`
  return metadata.length <= MAX_METADATA_BYTES ? metadata : null
}

/** Nothing where the metadata is not ours, or belongs to another offset than `base`, as after a reset by a tool. */
export function rangesFrom(metadata: string, base: bigint): OffsetRange[] {
  const [prefix, writtenBase, , stretches = '', ...more] = metadata.split('.')
  if (prefix !== PREFIX || writtenBase !== String(base) || more.length > 0) return []
  if (!/^[\da-z]+\+[\da-z]+(?:,[\da-z]+\+[\da-z]+)*$/.test(stretches)) return []
  let position = base
  return stretches.split(',').map((stretch) => {
    const [gap = '', length = ''] = stretch.split('+')
    const from = position + wholeNumber(gap)
    position = from + wholeNumber(length)
    return { from, to: position }
  })
}

/** Who wrote it last; null where it is not ours. */
export function runFrom(metadata: string): string | null {
  const [prefix, , run] = metadata.split('.')
  return prefix === PREFIX && run !== undefined ? run : null
}

function wholeNumber(digits: string): bigint {
  let number = 0n
  for (const digit of digits) number = number * 36n + BigInt(Number.parseInt(digit, 36))
  return number
}
