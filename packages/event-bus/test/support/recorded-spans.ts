import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

/** An SDK that keeps its spans, and makes contexts follow asynchronous calls until `stop`. */
export class RecordedSpans {
  readonly #exporter = new InMemorySpanExporter()
  readonly provider: TracerProvider

  constructor(sampler?: Sampler) {
    this.provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })],
      ...(sampler === undefined ? {} : { sampler }),
    })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  }

  /** Spans that have ended, in the order of their ends. */
  get finished(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  named(name: string): readonly ReadableSpan[] {
    return this.finished.filter((span) => span.name === name)
  }

  stop(): void {
    context.disable()
  }
}
