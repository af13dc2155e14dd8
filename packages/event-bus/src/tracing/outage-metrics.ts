/** The instruments that tell outages from poison; what they mean is in `failing/outage-watch.ts`. */
import type { Attributes, Meter } from '@opentelemetry/api'
import type { OutageReason } from '../failing/outage-watch.ts'
import { attributeNames, metricNames } from './names.ts'
import type { OutageReading } from './telemetry.ts'

const reasons: readonly OutageReason[] = ['outage', 'broken-handler']

export function outageInstruments(meter: Meter) {
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  return {
    opened: meter.createCounter(metricNames.outages, {
      unit: '{outage}',
      description: 'Times that an event type was held because nothing of it could be handled, by reason.',
    }),
    open: gauge(metricNames.outageOpen, '1', 'Whether records of the event type are held now, by reason.'),
    held: gauge(metricNames.outageHeld, '{record}', 'Records held until something of their type can be handled.'),
    permits: gauge(metricNames.outagePermits, '{record}', 'Dead letters that may follow without a success between.'),
    maxPermits: gauge(metricNames.outageMaxPermits, '{record}', 'onFailure.outage.maxPermits.'),
    maxHold: gauge(metricNames.outageMaxHold, 's', 'onFailure.outage.maxHoldMs.'),
  }
}

export type OutageInstruments = ReturnType<typeof outageInstruments>

export function outageCounter({ opened }: OutageInstruments, labels: Attributes): (reason: OutageReason) => void {
  const byReason = new Map(reasons.map((reason) => [reason, { ...labels, [attributeNames.reason]: reason }]))
  for (const attributes of byReason.values()) opened.add(0, attributes)
  return (reason) => opened.add(1, byReason.get(reason))
}

/** After `stop` the gauges go on at 0, as those of partitions do: the SDK would repeat their last values for ever. */
export function observeOutages(
  meter: Meter,
  { open, held, permits, maxPermits, maxHold }: OutageInstruments,
  labelsOf: (topic: string, eventType: string) => Attributes,
  read: () => Iterable<OutageReading>,
): () => void {
  let isStopped = false
  meter.addBatchObservableCallback(
    (result) => {
      for (const reading of read()) {
        const labels = labelsOf(reading.topic, reading.eventType)
        for (const reason of reasons) {
          const isOpen = !isStopped && reading.openReason === reason
          result.observe(open, isOpen ? 1 : 0, { ...labels, [attributeNames.reason]: reason })
        }
        result.observe(held, isStopped ? 0 : reading.held, labels)
        result.observe(permits, isStopped ? 0 : reading.permits, labels)
        result.observe(maxPermits, isStopped ? 0 : reading.maxPermits, labels)
        result.observe(maxHold, isStopped ? 0 : reading.maxHoldMs / 1_000, labels)
      }
    },
    [open, held, permits, maxPermits, maxHold],
  )
  return () => {
    isStopped = true
  }
}
