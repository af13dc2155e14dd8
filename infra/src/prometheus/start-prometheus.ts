import { copyFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { infraDir } from '../host/cache.ts'
import { requireCommand } from '../host/command.ts'
import { freePort } from '../host/ports.ts'
import { answersHttp, type Lifetime, startService } from '../host/service-process.ts'
import { stateDir } from '../host/state-dir.ts'

export interface PrometheusOptions {
  /** Job name → `host:port` of its /metrics. More can come later with `scrape`. */
  readonly targets?: Readonly<Record<string, string>>
  /** @defaultValue a free port below 32768 */
  readonly port?: number
  /** @defaultValue a new folder under the system's temporary folder */
  readonly stateDir?: string
  /** @defaultValue 'owner' */
  readonly lifetime?: Lifetime
}

export interface PrometheusHandle {
  /** Base of the HTTP API: `${url}/api/v1/query?query=…`. */
  readonly url: string
  /** Replaces the scraped targets; Prometheus notices within five seconds. */
  scrape(targets: Readonly<Record<string, string>>): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

/** Starts Prometheus on 127.0.0.1 with the alert rules of this repository, scraping every second. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<PrometheusHandle> {
  const command = await requireCommand('prometheus', 'prometheus')
  const dir = await stateDir('prometheus', options.stateDir)
  const targetsFile = path.join(dir, 'targets.json')
  const scrape = (targets: Readonly<Record<string, string>>): Promise<void> =>
    writeFile(
      targetsFile,
      JSON.stringify(Object.entries(targets).map(([job, target]) => ({ targets: [target], labels: { job } }))),
    )
  await scrape(options.targets ?? {})
  await copyFile(path.join(infraDir, 'prometheus/alerts.yml'), path.join(dir, 'alerts.yml'))
  await writeFile(
    path.join(dir, 'prometheus.yml'),
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [alerts.yml]
scrape_configs:
  - job_name: services
    file_sd_configs: [{files: [targets.json], refresh_interval: 5s}]
`,
  )
  const port = await freePort(options.port)
  const url = `http://127.0.0.1:${port}`
  const server = await startService({
    name: 'prometheus',
    command,
    args: [
      `--config.file=${path.join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    logFile: path.join(dir, 'prometheus.log'),
    pidFile: path.join(dir, 'prometheus.pid'),
    lifetime: options.lifetime ?? 'owner',
    isReady: answersHttp(`${url}/-/ready`),
  })
  return {
    url,
    scrape,
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
