import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { requireCommand, run } from '../host/command.ts'
import { ComponentStartError } from '../host/errors.ts'
import { freePorts } from '../host/ports.ts'
import { type Lifetime, type ServiceProcess, startService } from '../host/service-process.ts'
import { stateDir } from '../host/state-dir.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { kafkaClassPath } from './jars.ts'
import { kafkaUsers, type NodePorts, nodeProperties, type ProxiedListener } from './node-properties.ts'

export interface KafkaOptions {
  /** Combined broker and controller nodes. @defaultValue 1 */
  readonly nodes?: 1 | 3
  /** Node 1 takes this port and the three after it, node 2 the next four, and so on. @defaultValue free ports below 32768 */
  readonly firstPort?: number
  /**
   * Ports at which the caller's proxies will listen, one for each node. Every node then has a further plain listener that sends its clients there.
   *
   * @defaultValue none
   */
  readonly proxyPorts?: readonly number[]
  /** Where data, logs and pid files go. @defaultValue a new folder under the system's temporary folder */
  readonly stateDir?: string
  /** @defaultValue 'owner' */
  readonly lifetime?: Lifetime
}

export interface KafkaHandle {
  /** `host:port` of every node's PLAINTEXT listener. */
  readonly brokers: readonly string[]
  /** SASL_PLAINTEXT: SCRAM-SHA-512 and PLAIN with `users`, OAUTHBEARER with unsecured tokens. */
  readonly saslBrokers: readonly string[]
  /** SSL; a client certificate is asked for and may be left out. */
  readonly sslBrokers: readonly string[]
  /** The listeners behind proxies, one for each node; empty without `proxyPorts`. Nodes talk to each other beside them. */
  readonly proxied: readonly ProxiedListener[]
  readonly users: typeof kafkaUsers
  readonly certificates: Certificates
  /** What the node has printed since the cluster was started. Nodes are counted from 1. */
  logs(nodeId: number): Promise<string>
  /** SIGKILL: no controlled shutdown, leaders move only when the session has expired. */
  kill(nodeId: number): Promise<void>
  /** Stops the node (controlled, unless it is already gone) and starts it again on the same data. Resolves when it is ready. */
  restart(nodeId: number): Promise<void>
  /** Runs one of Kafka's own console tools by class name and returns what it prints: `org.apache.kafka.tools.TopicCommand`. */
  tool(className: string, ...args: string[]): Promise<string>
  /** Stops all nodes and deletes their data. Idempotent. */
  close(): Promise<void>
}

/** Starts a real Apache Kafka (KRaft) on 127.0.0.1. Resolves when every node takes requests. Topics are never made by accident. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaHandle> {
  const count = options.nodes ?? 1
  const [java, classPath, dir] = await Promise.all([
    requireCommand('java', 'openjdk-17-jre-headless'),
    kafkaClassPath(),
    stateDir('kafka', options.stateDir),
  ])
  const certificates = await makeCertificates(dir)
  const nodes = portsOf(await freePorts(4 * count, options.firstPort), await proxiedListeners(options.proxyPorts ?? []))
  const file = (nodeId: number, extension: string): string => path.join(dir, `node-${nodeId}.${extension}`)

  const clusterId = (await run(java, [...quietJvm, '-cp', classPath, 'kafka.tools.StorageTool', 'random-uuid'])).trim()
  for (const [index] of nodes.entries()) {
    const nodeId = index + 1
    const data = path.join(dir, `node-${nodeId}`)
    await mkdir(data, { recursive: true })
    await writeFile(file(nodeId, 'properties'), nodeProperties(nodeId, nodes, certificates, data))
    const { username, password } = kafkaUsers['scram-sha-512']
    const scram = ['--add-scram', `SCRAM-SHA-512=[name=${username},password=${password}]`]
    const format = ['format', '--ignore-formatted', '-t', clusterId, '-c', file(nodeId, 'properties'), ...scram]
    await run(java, [...quietJvm, '-cp', classPath, 'kafka.tools.StorageTool', ...format])
  }

  const startNode = (nodeId: number): Promise<ServiceProcess> =>
    startService({
      name: `kafka node ${nodeId}`,
      command: java,
      args: [...brokerJvm, '-cp', classPath, 'kafka.Kafka', file(nodeId, 'properties')],
      logFile: file(nodeId, 'log'),
      pidFile: file(nodeId, 'pid'),
      lifetime: options.lifetime ?? 'owner',
      // An open port comes earlier than this line.
      isReady: (log) => log.includes('Kafka Server started'),
      readyWithinMs: 120_000,
    })

  const running = new Map<number, ServiceProcess>()
  const started = await Promise.allSettled(
    nodes.map(async (_, index) => running.set(index + 1, await startNode(index + 1))),
  )
  const close = async (): Promise<void> => {
    await Promise.all([...running.values()].map((node) => node.stop(20_000)))
    await rm(dir, { recursive: true, force: true })
  }
  const failures = started.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0) {
    await close()
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(String).join('\n'))
  }

  const node = (nodeId: number): ServiceProcess => {
    const found = running.get(nodeId)
    if (found === undefined) throw new RangeError(`There is no node ${nodeId}: this cluster has ${count}`)
    return found
  }
  const brokersOf = (listener: 'plaintext' | 'sasl' | 'ssl'): string[] =>
    nodes.map((ports) => `127.0.0.1:${ports[listener]}`)
  return {
    brokers: brokersOf('plaintext'),
    saslBrokers: brokersOf('sasl'),
    sslBrokers: brokersOf('ssl'),
    proxied: nodes.flatMap(({ proxied }) => proxied ?? []),
    users: kafkaUsers,
    certificates,
    logs: (nodeId) => readFile(file(nodeId, 'log'), 'utf8'),
    kill: (nodeId) => node(nodeId).stop(0),
    restart: async (nodeId) => {
      await node(nodeId).stop(20_000)
      running.set(nodeId, await startNode(nodeId))
    },
    tool: (className, ...args) => run(java, [...quietJvm, '-cp', classPath, className, ...args]),
    close,
  }
}

const quietJvm = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
const brokerJvm = [
  '-Xms256m',
  '-Xmx512m',
  '-XX:+UseG1GC',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=info',
]

async function proxiedListeners(proxyPorts: readonly number[]): Promise<ProxiedListener[]> {
  const targets = await freePorts(proxyPorts.length)
  return proxyPorts.flatMap((port, index) => {
    const target = targets[index]
    return target === undefined ? [] : [{ target, port }]
  })
}

function portsOf(ports: readonly number[], proxied: readonly ProxiedListener[]): NodePorts[] {
  const nodes: NodePorts[] = []
  for (let index = 0; index < ports.length; index += 4) {
    const [plaintext, controller, sasl, ssl] = ports.slice(index, index + 4)
    if (plaintext === undefined || controller === undefined || sasl === undefined || ssl === undefined) {
      throw new ComponentStartError(`kafka needs four ports a node and was given ${ports.length} in all`)
    }
    nodes.push({ plaintext, controller, sasl, ssl, proxied: proxied[nodes.length] ?? null })
  }
  return nodes
}
