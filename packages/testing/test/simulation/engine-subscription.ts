import {
  type AnyEventDefinition,
  type BatchContext,
  type BatchRegistration,
  defineSubscription,
  type EventEnvelope,
  type HandlerContext,
  type HandlerRegistration,
  handle,
  handleBatch,
  Reject,
  RetryLater,
  type SubscriptionDefinition,
  skip,
} from '@tributary/event-bus'
import type { SimulatedProcess } from '../../src/simulation/process.ts'
import type { Conduct } from '../../src/simulation/scenario.ts'
import { changed, effect, placed } from './engine-events.ts'
import type { EngineScenario, HandledType } from './engine-scenario.ts'

const AT_ONCE: Conduct = { manner: 'returns', ms: 0 }

type Ordered = EventEnvelope<HandledType, { readonly key: string; readonly n: number }>

class PlannedError extends Error {
  override readonly name = 'PlannedError'
}

class AwayError extends Error {
  override readonly name = 'AwayError'
}

/** The subscription of a scenario: its handlers do what is planned for each execution of each record, over all processes. */
export function engineSubscription(scenario: EngineScenario): (process: SimulatedProcess) => SubscriptionDefinition {
  const conducts = new Map(scenario.arrivals.map(({ record, conducts: planned }) => [idOf(record), planned]))
  const executions = new Map<string, number>()
  const conductOf = ({ id }: EventEnvelope): Conduct => {
    const count = executions.get(id) ?? 0
    executions.set(id, count + 1)
    return conducts.get(id)?.[count] ?? AT_ONCE
  }
  return (process) => {
    const register = (definition: typeof placed | typeof changed): HandlerRegistration | BatchRegistration => {
      const batch = scenario.batches[definition.type]
      // Both have the same data; which one it is matters to nobody here.
      const event = definition as typeof placed
      if (batch === null) {
        return handle(
          event,
          (one, context) => outageOf(scenario, definition, process) ?? act(conductOf(one), one, context, process),
        )
      }
      return handleBatch(
        event,
        batch,
        (events, context) =>
          outageOf(scenario, definition, process) ?? actTogether(events, events.map(conductOf), context, process),
      )
    }
    return defineSubscription({ ...scenario.settings, group: 'inventory', on: [register(placed), register(changed)] })
  }
}

function idOf(record: { readonly headers: readonly (readonly [string, Buffer | null])[] } | null): string {
  return record?.headers.find(([name]) => name === 'ce_id')?.[1]?.toString() ?? ''
}

/** Fails while what the handler needs is away; null when it is there. */
function outageOf(
  { outages }: EngineScenario,
  { type }: AnyEventDefinition,
  process: SimulatedProcess,
): Promise<never> | null {
  const nowMs = process.clock.monotonic()
  const outage = outages.find((one) => one.type === type && one.fromMs <= nowMs && nowMs < one.toMs)
  if (outage === undefined) return null
  if (outage.noticedAfterMs === 0) throw new AwayError('away')
  return new Promise((_, reject) => process.clock.setTimer(() => reject(new AwayError('away')), outage.noticedAfterMs))
}

function act({ manner, ms }: Conduct, event: Ordered, context: HandlerContext, process: SimulatedProcess): unknown {
  switch (manner) {
    case 'returns':
      return undefined
    case 'skips':
      return skip('as planned')
    case 'throws':
      throw new PlannedError('as planned')
    case 'rejects':
      throw new Reject('as planned')
    case 'asks for later':
      throw new RetryLater({ afterMs: ms })
    case 'never ends':
      return new Promise(() => {})
    case 'throws later':
      return failLater(ms, context, process)
    case 'waits':
      return pass(ms, context, process)
    case 'outlasts its deadline':
      return pass(10_000, context, process)
    case 'is deaf':
      return overstay(ms, event, context, process)
    case 'publishes':
      return publish(event, context)
    case 'extends':
      return extend(ms, context, process)
  }
}

/** What is planned for each event is said of that event; what would take time or throw is done for all of them. */
async function actTogether(
  events: readonly Ordered[],
  conducts: readonly Conduct[],
  context: BatchContext,
  process: SimulatedProcess,
): Promise<unknown> {
  const ofAll = conducts.findIndex(({ manner }) => OF_ALL.has(manner))
  const event = events[ofAll]
  const conduct = conducts[ofAll]
  if (event !== undefined && conduct !== undefined) return act(conduct, event, context.for(event), process)
  const longestMs = Math.max(...conducts.map(({ manner, ms }) => (manner === 'waits' ? ms : 0)))
  if (longestMs > 0) await pass(longestMs, context, process)
  for (const [index, one] of events.entries()) {
    if (conducts[index]?.manner === 'publishes') await publish(one, context.for(one))
  }
  // An answer for too few.
  if (conducts.some(({ manner, ms }) => manner === 'throws' && ms % 5 === 0)) return []
  return conducts.map(({ manner, ms }) => {
    if (manner === 'throws') return new PlannedError('as planned')
    if (manner === 'rejects') return new Reject('as planned')
    if (manner === 'asks for later') return new RetryLater({ afterMs: ms })
    return manner === 'skips' ? skip('as planned') : undefined
  })
}

const OF_ALL: ReadonlySet<string> = new Set<Conduct['manner']>([
  'throws later',
  'never ends',
  'outlasts its deadline',
  'is deaf',
  'extends',
])

/** Resolves after `ms`, or when the signal aborts. */
function pass(ms: number, { signal }: Pick<HandlerContext, 'signal'>, { clock }: SimulatedProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        timer.cancel()
        resolve()
      },
      { once: true },
    )
  })
}

async function failLater(ms: number, context: HandlerContext, process: SimulatedProcess): Promise<never> {
  await pass(ms, context, process)
  throw new PlannedError('as planned, later')
}

async function publish({ data }: Ordered, context: HandlerContext): Promise<void> {
  await context.publish(effect, data)
}

async function extend(ms: number, context: HandlerContext, process: SimulatedProcess): Promise<void> {
  const untilMs = process.clock.monotonic() + 3 * ms
  while (!context.isFenced() && process.clock.monotonic() < untilMs) {
    context.extend(150)
    await pass(100, context, process)
  }
}

/** Ignores its signal, and publishes when its deadline has passed: that must be refused. */
async function overstay(
  ms: number,
  { data }: Ordered,
  context: HandlerContext,
  { clock, broken }: SimulatedProcess,
): Promise<void> {
  const { deadlineAt } = context
  await new Promise<void>((resolve) => clock.setTimer(resolve, deadlineAt - clock.now() + 1 + ms))
  const published = await context.publish(effect, data).catch(() => null)
  if (published !== null) broken('I4', `an attempt at #${data.n} has published after its deadline`)
}
