import { AggregationType, InstrumentType, type ViewOptions } from '@opentelemetry/sdk-metrics'

/**
 * Every histogram of seconds gets the buckets that the messaging conventions name. The SDK's default buckets are made for milliseconds: all that takes less
 * than five seconds would fall into the first of them.
 */
export const secondsView: ViewOptions = {
  instrumentType: InstrumentType.HISTOGRAM,
  instrumentUnit: 's',
  aggregation: {
    type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
    options: { boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  },
}
