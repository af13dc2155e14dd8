import { writeFile } from 'node:fs/promises'
import { audit } from './audit.ts'
import { parseOptions, UsageError, usage } from './options.ts'
import { InputError } from './orders/input-error.ts'
import { loadScenario } from './orders/scenario.ts'
import { play } from './play.ts'
import { reconcile } from './reconcile/reconcile.ts'
import { jsonReport } from './report/json-report.ts'
import { createProgress } from './report/progress.ts'
import { summaryLines } from './report/summary.ts'
import { setStage } from './stage/stage.ts'
import { traceOfOneOrder } from './trace/one-order.ts'
import { traceTree } from './trace/tree.ts'

/** Exit statuses: 0 it balances, 1 it does not, 2 it was called wrongly or given what it cannot play, 130 it was interrupted. */
async function main(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const options = parseOptions(argv)
  if (options.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  // Files first: what cannot be read or written is better known before anything has been started.
  const scenario = await loadScenario(options)
  if (options.reportFile !== null) await writeReport(options.reportFile, '')
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  process.once('SIGTERM', () => interruption.abort())
  const progress = createProgress(process.stdout)
  await using closing = new AsyncDisposableStack()
  try {
    const startedAt = performance.now()
    progress.say('Starting three services and what they need …')
    const stage = await setStage({ environment, closing })
    progress.say(`Ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s:`)
    for (const line of stage.description) progress.say(`  ${line}`)
    progress.say(`Playing ${scenario.name}`)

    const played = await play({
      stage,
      scenario,
      progress,
      sequential: options.sequential,
      withFaults: options.faults,
      signal: interruption.signal,
    })
    const ledger = await audit(stage, scenario, played)
    if (options.keep) {
      progress.say(`
Still running, until Ctrl-C. To look around:
  curl ${stage.order.url}/orders/${ledger.accepted[0]?.orderId ?? 'ID'}
  curl ${stage.inventory.url}/stock
  curl ${stage.email.url}/health
  curl ${stage.inventory.metricsUrl}
  npx -y pnpm@12 -s tributary dlq list --brokers ${stage.brokers.join(',')}`)
      await new Promise<void>((resolve) =>
        interruption.signal.addEventListener('abort', () => resolve(), { once: true }),
      )
    }
    // Spans are flushed when the services close: only then the tree is whole.
    await stage.stopServices()

    const checks = reconcile(ledger)
    const refused = played.placements.flatMap((placement) =>
      placement.kind === 'refused' ? [{ ...placement, orderId: placement.order.orderId }] : [],
    )
    const repeatedMails = stage.mailbox.received - stage.mailbox.distinct().length
    const trace = traceOfOneOrder(stage.collector)
    const whole = { name: scenario.name, refused, repeatedMails, tree: traceTree(trace), ...played }
    if (options.reportFile !== null) {
      await writeReport(options.reportFile, JSON.stringify(jsonReport(whole, ledger, checks, trace), null, 2))
    }
    const lines = summaryLines(whole, ledger, checks)
    for (const line of lines) progress.say(line)
    return checks.every(({ holds }) => holds) ? 0 : 1
  } catch (error) {
    progress.end()
    if (!interruption.signal.aborted) throw error
    progress.say('Interrupted: everything that was started is being ended.')
    return 130
  }
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new InputError(`${file} cannot be written: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}

try {
  process.exitCode = await main(process.argv.slice(2), process.env)
} catch (error) {
  if (!(error instanceof UsageError || error instanceof InputError)) throw error
  process.stderr.write(`demo: ${error.message}\n${error instanceof UsageError ? `${usage}\n` : ''}`)
  process.exitCode = 2
}
