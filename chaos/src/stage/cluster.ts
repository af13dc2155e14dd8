import { freePorts, type KafkaHandle, startKafka } from '@tributary/infra'
import { FlakyLine } from './flaky-line.ts'

/** Three brokers, and the lines that clients reach them by. */
export interface ChaosCluster {
  /** For the processes under test. */
  readonly throughLines: readonly string[]
  /** For the oracle, which must not be disturbed. */
  readonly direct: readonly string[]
  /** In the order of the brokers, which are counted from 1. */
  readonly lines: readonly FlakyLine[]
  kill(broker: number): Promise<void>
  restart(broker: number): Promise<void>
}

export const BROKERS = 3

/** Every topic is on all three brokers, and a write is acknowledged by two at least. */
export async function startCluster(closing: AsyncDisposableStack): Promise<ChaosCluster> {
  const kafka: KafkaHandle = await startKafka({ nodes: BROKERS, proxyPorts: await freePorts(BROKERS) })
  closing.defer(() => kafka.close())
  const lines: FlakyLine[] = []
  for (const { port, target } of kafka.proxied) {
    const line = await FlakyLine.open(port, target)
    closing.defer(() => line.close())
    lines.push(line)
  }
  return {
    throughLines: kafka.proxied.map(({ port }) => `127.0.0.1:${port}`),
    direct: kafka.brokers,
    lines,
    kill: (broker) => kafka.kill(broker),
    restart: (broker) => kafka.restart(broker),
  }
}
