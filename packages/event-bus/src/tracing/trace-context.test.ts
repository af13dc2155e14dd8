import { propagation } from '@opentelemetry/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatBaggage, formatTraceparent, parseBaggage, parseTraceparent, traceparentOf } from './trace-context.ts'
import { newSpanContext, newSpanId, newTraceId } from './trace-ids.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

describe('traceparent', () => {
  it('comes back as it was written, sampled or not', () => {
    for (const traceFlags of [0, 1]) {
      const parsed = parseTraceparent(formatTraceparent({ traceId, spanId, traceFlags }))
      expect(parsed).toEqual({ traceId, spanId, traceFlags, isRemote: true })
    }
  })

  it('of a trace that begins here is made of its ids, also when one of them is replaced', () => {
    // More than there are random bytes for at a time.
    const starts = Array.from({ length: 1_500 }, () => newSpanContext())
    for (const start of starts) {
      expect(traceparentOf(start)).toBe(`00-${start.traceId}-${start.spanId}-01`)
      expect(traceparentOf({ ...start, spanId })).toBe(`00-${start.traceId}-${spanId}-01`)
    }
    expect(new Set(starts.map(traceparentOf)).size).toBe(starts.length)
  })

  it.each([
    ['is too short', `00-${traceId}-${spanId}-0`],
    ['has a tail that version 00 does not know', `00-${traceId}-${spanId}-01-more`],
    ['is of the version that is never valid', `ff-${traceId}-${spanId}-01`],
    ['has a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['has a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['has capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['has another separator', `00_${traceId}_${spanId}_01`],
    ['has flags that are no number', `00-${traceId}-${spanId}-zz`],
    ['is empty', ''],
  ])('is not read when it %s', (_, text) => {
    expect(parseTraceparent(Buffer.from(text))).toBeNull()
  })

  it('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(Buffer.from(`42-${traceId}-${spanId}-01-more`))?.traceId).toBe(traceId)
    expect(parseTraceparent(Buffer.from(`42-${traceId}-${spanId}-01.more`))).toBeNull()
  })

  it('of whatever bytes throws nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        parseTraceparent(Buffer.from(bytes))
      }),
    )
  })
})

describe('baggage', () => {
  it('comes back as it was written, whatever its values hold', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,10}$/), fc.string({ unit: 'binary', maxLength: 20 })),
        (values) => {
          const entries = Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, { value: value.toWellFormed() }]),
          )
          const text = formatBaggage(propagation.createBaggage(entries))
          const read = text === null ? {} : Object.fromEntries(parseBaggage(text)?.getAllEntries() ?? [])
          expect(read).toEqual(entries)
        },
      ),
    )
  })

  it('is left out where it exceeds 8,192 bytes', () => {
    const baggage = propagation.createBaggage({ small: { value: 'a' }, large: { value: 'x'.repeat(9_000) } })
    expect(formatBaggage(baggage)).toBe('small=a')
  })

  it('skips members that cannot be read', () => {
    expect(
      parseBaggage('a=1,broken,=2,b=%E0%A4%A,c=3;prop=x')
        ?.getAllEntries()
        .map(([name]) => name),
    ).toEqual(['a', 'c'])
    expect(parseBaggage('')).toBeNull()
  })
})

describe('ids made without an SDK', () => {
  it('are valid and different each time', () => {
    const traces = Array.from({ length: 2_000 }, newTraceId)
    expect(traces.every((id) => /^(?!0+$)[0-9a-f]{32}$/.test(id))).toBe(true)
    expect(new Set(traces).size).toBe(traces.length)
    const spans = Array.from({ length: 2_000 }, newSpanId)
    expect(spans.every((id) => /^(?!0+$)[0-9a-f]{16}$/.test(id))).toBe(true)
    expect(new Set(spans).size).toBe(spans.length)
  })

  it('keep a given trace', () => {
    expect(newSpanContext(traceId).traceId).toBe(traceId)
  })
})
