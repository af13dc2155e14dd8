/** The embedded broker in a process of its own, as the real one is. Says where it listens, and on request what it has used. */
import process from 'node:process'
import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import type { Usage } from './embedded.ts'

// Nobody is left to serve.
process.once('disconnect', () => process.exit(0))
const startedAt = performance.now()
const kafka = await startEmbeddedKafka({ defaultPartitions: 1 })
const readyMs = performance.now() - startedAt
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const usage: Usage = { cpuMs: (user + system) / 1000, residentMiB: process.memoryUsage.rss() / 2 ** 20 }
  process.send?.(usage)
})
process.send?.({ brokers: kafka.bootstrapServers, readyMs })
