import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KafkaHandle } from '../kafka/start-kafka.ts'

/** Lets test processes stage the loss of a broker of the shared cluster: `POST /nodes/ID/kill` and `POST /nodes/ID/restart`, answered when done. */
export async function startNodeControl(kafka: KafkaHandle): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const [, id, action] = /^\/nodes\/(\d+)\/(kill|restart)$/.exec(request.url ?? '') ?? []
    if (request.method !== 'POST' || id === undefined) {
      response.writeHead(404).end('POST /nodes/ID/kill or /nodes/ID/restart\n')
      return
    }
    const done = action === 'kill' ? kafka.kill(Number(id)) : kafka.restart(Number(id))
    done.then(
      () => response.writeHead(200).end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}
