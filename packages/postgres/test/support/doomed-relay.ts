/**
 * A process that relays from the PGlite directory in argv[2] to the file in argv[3], and kills itself like a power cut between the publish of the event
 * that argv[4] counts and its mark.
 */
import { appendFileSync } from 'node:fs'
import { openDatabase } from '../../src/database.ts'
import { startRelay } from '../../src/outbox/relay.ts'

const [, , directory = '', logFile = '', survivors = '0'] = process.argv
let left = Number(survivors)

startRelay({
  database: await openDatabase({ url: directory }),
  leaseMs: 200,
  publisher: {
    async publishEncoded(events) {
      for (const event of events) {
        appendFileSync(
          logFile,
          `${JSON.stringify({ id: event.id, key: String(event.key), value: String(event.value) })}\n`,
        )
        if (left === 0) process.kill(process.pid, 'SIGKILL')
        left -= 1
      }
      return events.map((event) => ({
        status: 'fulfilled' as const,
        value: { id: event.id, topic: event.topic, partition: 0, offset: 0n },
      }))
    },
  },
})
setInterval(() => {}, 1000)
