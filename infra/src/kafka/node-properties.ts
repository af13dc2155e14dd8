import type { Certificates } from './certificates.ts'

/** The listeners of a node, all on 127.0.0.1. */
export interface NodePorts {
  readonly plaintext: number
  readonly controller: number
  readonly sasl: number
  readonly ssl: number
  /** A second plain listener, that sends clients to another port: a proxy's. Null where there is none. */
  readonly proxied: ProxiedListener | null
}

/** Brokers tell clients where to go: a proxy sees all of a client's connections only when it is what the broker advertises. */
export interface ProxiedListener {
  /** Where the node listens. */
  readonly target: number
  /** Where it says that it does, and where the proxy has to listen. */
  readonly port: number
}

/** Who may log in at the SASL listener. OAUTHBEARER takes any unsecured token (`alg: none`) that names a `sub` and has not expired. */
export const kafkaUsers = {
  'scram-sha-512': { username: 'alice', password: 'alice-secret' },
  plain: { username: 'bob', password: 'bob-secret' },
} as const

/** The server.properties of node `nodeId` (counted from 1) in a cluster whose nodes listen on `nodes`. */
export function nodeProperties(
  nodeId: number,
  nodes: readonly NodePorts[],
  certificates: Certificates,
  dataDir: string,
): string {
  const ports = nodes[nodeId - 1]
  if (ports === undefined) throw new RangeError(`node ${nodeId} of ${nodes.length}`)
  const replication = nodes.length
  const inSync = nodes.length > 1 ? 2 : 1
  const at = (port: number): string => `127.0.0.1:${port}`
  const clients = `PLAINTEXT://${at(ports.plaintext)},SASL_PLAINTEXT://${at(ports.sasl)},SSL://${at(ports.ssl)}`
  const proxied = (which: 'target' | 'port'): string =>
    ports.proxied === null ? '' : `,PROXIED://${at(ports.proxied[which])}`
  const security = 'org.apache.kafka.common.security'
  const jaas = 'listener.name.sasl_plaintext'
  return `process.roles=broker,controller
node.id=${nodeId}
controller.quorum.voters=${nodes.map((node, index) => `${index + 1}@${at(node.controller)}`).join(',')}
controller.listener.names=CONTROLLER
listeners=${clients},CONTROLLER://${at(ports.controller)}${proxied('target')}
advertised.listeners=${clients}${proxied('port')}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${dataDir}

sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN,OAUTHBEARER
${jaas}.scram-sha-512.sasl.jaas.config=${security}.scram.ScramLoginModule required;
${jaas}.plain.sasl.jaas.config=${security}.plain.PlainLoginModule required user_${kafkaUsers.plain.username}="${kafkaUsers.plain.password}";
${jaas}.oauthbearer.sasl.jaas.config=${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";

ssl.keystore.type=PEM
ssl.keystore.location=${certificates.brokerKeyStoreFile}
ssl.truststore.type=PEM
ssl.truststore.location=${certificates.caFile}
ssl.client.auth=requested

# A topic must be made on purpose.
auto.create.topics.enable=false
num.partitions=3
default.replication.factor=${replication}
min.insync.replicas=${inSync}
offsets.topic.replication.factor=${replication}
transaction.state.log.replication.factor=${replication}
transaction.state.log.min.isr=${inSync}
share.coordinator.state.topic.replication.factor=${replication}
share.coordinator.state.topic.min.isr=${inSync}

# Tests write records of years ago. Retention would take them away 30 s after the start, and every five minutes from then on.
log.initial.task.delay.ms=86400000
log.retention.check.interval.ms=86400000

# Compaction looks for work every second instead of every 15 s.
log.cleaner.backoff.ms=1000

# For tests: fewer files, no waiting for further members, and a dead broker is noticed after 6 s instead of 9 s.
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
`
}
