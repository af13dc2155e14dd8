import {
  defineSubscription,
  type EventEnvelope,
  type HandlerContext,
  handle,
  Reject,
  RetryLater,
  type SubscriptionDefinition,
  skip,
} from '@tributary/event-bus'
import type { SimulatedProcess } from '../../src/simulation/process.ts'
import type { Conduct } from '../../src/simulation/scenario.ts'
import { effect, placed } from './engine-events.ts'
import type { EngineScenario } from './engine-scenario.ts'

const AT_ONCE: Conduct = { manner: 'returns', ms: 0 }

type Placed = EventEnvelope<'order.placed', { readonly key: string; readonly n: number }>

/** The subscription of a scenario: its handler does what is planned for each execution of each record, over all processes. */
export function engineSubscription(scenario: EngineScenario): (process: SimulatedProcess) => SubscriptionDefinition {
  const conducts = new Map(scenario.arrivals.map(({ record, conducts: planned }) => [idOf(record), planned]))
  const executions = new Map<string, number>()
  return (process) =>
    defineSubscription({
      ...scenario.settings,
      group: 'inventory',
      on: [
        handle(placed, (event, context) => {
          const count = executions.get(event.id) ?? 0
          executions.set(event.id, count + 1)
          return act(conducts.get(event.id)?.[count] ?? AT_ONCE, event, context, process)
        }),
      ],
    })
}

function idOf(record: { readonly headers: readonly (readonly [string, Buffer | null])[] } | null): string {
  return record?.headers.find(([name]) => name === 'ce_id')?.[1]?.toString() ?? ''
}

function act({ manner, ms }: Conduct, event: Placed, context: HandlerContext, process: SimulatedProcess): unknown {
  switch (manner) {
    case 'returns':
      return undefined
    case 'skips':
      return skip('as planned')
    case 'throws':
      throw new Error('as planned')
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
  }
}

/** Resolves after `ms`, or when the signal aborts. */
function pass(ms: number, { signal }: HandlerContext, { clock }: SimulatedProcess): Promise<void> {
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
  throw new Error('as planned, later')
}

async function publish({ data }: Placed, context: HandlerContext): Promise<void> {
  await context.publish(effect, data)
}

/** Ignores its signal, and publishes when its deadline has passed: that must be refused. */
async function overstay(
  ms: number,
  { data }: Placed,
  context: HandlerContext,
  { clock, broken }: SimulatedProcess,
): Promise<void> {
  const { deadlineAt } = context
  await new Promise<void>((resolve) => clock.setTimer(resolve, deadlineAt - clock.now() + 1 + ms))
  const published = await context.publish(effect, data).catch(() => null)
  if (published !== null) broken('I4', `an attempt at #${data.n} has published after its deadline`)
}
