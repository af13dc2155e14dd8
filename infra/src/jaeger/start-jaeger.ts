import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ComponentStartError } from '../host/errors.ts'
import { freePorts } from '../host/ports.ts'
import { answersHttp, type Lifetime, startService } from '../host/service-process.ts'
import { stateDir } from '../host/state-dir.ts'
import { jaegerBinary } from './jaeger-binary.ts'
import { jaegerConfig } from './jaeger-config.ts'

export interface JaegerOptions {
  /** OTLP/HTTP; the query API and three more ports follow it. @defaultValue free ports below 32768 */
  readonly firstPort?: number
  /** @defaultValue a new folder under the system's temporary folder */
  readonly stateDir?: string
  /** @defaultValue 'owner' */
  readonly lifetime?: Lifetime
}

export interface JaegerHandle {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`: OTLP over HTTP, without the `/v1/traces`. */
  readonly otlpEndpoint: string
  /** Base of the query API: `${queryUrl}/api/traces/ID`, `${queryUrl}/api/v3/traces/ID`. */
  readonly queryUrl: string
  /** Idempotent. */
  close(): Promise<void>
}

/** Starts Jaeger v2 on 127.0.0.1 with its traces in memory. Builds it first when this machine has not built it yet. */
export async function startJaeger(options: JaegerOptions = {}): Promise<JaegerHandle> {
  const command = await jaegerBinary()
  const dir = await stateDir('jaeger', options.stateDir)
  const [otlpHttp, query, otlpGrpc, queryGrpc, health] = await freePorts(5, options.firstPort)
  if (
    otlpHttp === undefined ||
    query === undefined ||
    otlpGrpc === undefined ||
    queryGrpc === undefined ||
    health === undefined
  ) {
    throw new ComponentStartError('jaeger needs five ports')
  }
  const config = path.join(dir, 'jaeger.yaml')
  await writeFile(config, jaegerConfig({ otlpHttp, query, otlpGrpc, queryGrpc, health }))
  const server = await startService({
    name: 'jaeger',
    command,
    args: ['--config', `file:${config}`],
    logFile: path.join(dir, 'jaeger.log'),
    pidFile: path.join(dir, 'jaeger.pid'),
    lifetime: options.lifetime ?? 'owner',
    isReady: answersHttp(`http://127.0.0.1:${health}/status`, (body) => body.includes('"healthy":true')),
  })
  return {
    otlpEndpoint: `http://127.0.0.1:${otlpHttp}`,
    queryUrl: `http://127.0.0.1:${query}`,
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
