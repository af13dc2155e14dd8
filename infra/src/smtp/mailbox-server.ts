import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SmtpSink } from './start-smtp-sink.ts'

export interface MailboxServer {
  readonly url: string
  close(): Promise<void>
}

/** Lets other processes look into a sink: `GET /mails` (JSON, oldest first), `POST /away`, `POST /back`. */
export async function startMailboxServer(sink: SmtpSink, port = 0): Promise<MailboxServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const route = `${request.method} ${request.url}`
    if (route === 'GET /mails') return answer(200, sink.mails)
    const change = route === 'POST /away' ? sink.goAway() : route === 'POST /back' ? sink.comeBack() : undefined
    if (change === undefined) return answer(404, { error: `no such call: ${route}` })
    change.then(
      () => answer(200, {}),
      (error: unknown) => answer(500, { error: String(error) }),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${actual}`,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}
