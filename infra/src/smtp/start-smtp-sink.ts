import { Readable } from 'node:stream'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import { freePort } from '../host/ports.ts'
import { faultOf, refusal, type SinkFault } from './faults.ts'

export interface SinkMail {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  /** With its angle brackets, as sent. The same id twice is one mail sent twice. */
  readonly messageId: string
  /** All headers, names in lower case. Of a repeated header the last one. */
  readonly headers: Readonly<Record<string, string>>
  readonly receivedAtMs: number
}

export interface SmtpSinkOptions {
  /** @defaultValue a free port below 32768 */
  readonly port?: number
  /** Called for each mail as it is accepted. */
  readonly onMail?: (mail: SinkMail) => void
  /** Takes each mail, bytes as sent, before it is accepted; when it rejects, the sender is told to try again later. */
  readonly passOn?: (mail: {
    readonly from: string
    readonly to: readonly string[]
    readonly raw: Buffer
  }) => Promise<void>
}

export interface SmtpSink {
  /** `smtp://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Everything accepted so far, oldest first. */
  readonly mails: readonly SinkMail[]
  /** From now on every recipient meets this fault; `undefined` ends it. A recipient's own fault (by its name) comes first. */
  setFault(fault: SinkFault | undefined): void
  /** The server goes away: connections are cut, new ones are refused. */
  goAway(): Promise<void>
  /** And is back, on the same port and with the mails it had. */
  comeBack(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

/** An SMTP server in this process that keeps what it is sent. A recipient called `bounce…`, `grey…`, `slow…` or `drop…` meets that fault. */
export async function startSmtpSink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const port = await freePort(options.port)
  const mails: SinkMail[] = []
  const attempts = new Map<string, number>()
  let fault: SinkFault | undefined

  const receive = async (stream: Readable, session: SMTPServerSession): Promise<void> => {
    const raw = Buffer.from(await new Response(Readable.toWeb(stream)).arrayBuffer())
    const parsed = await PostalMime.parse(raw)
    const to = session.envelope.rcptTo.map((recipient) => recipient.address)
    const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address
    await options.passOn?.({ from, to, raw })
    const faults = to.map((address) => faultOf(address) ?? fault)
    if (faults.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 1_500))
    const mail: SinkMail = {
      from,
      to,
      subject: parsed.subject ?? '',
      text: parsed.text ?? '',
      html: parsed.html ?? '',
      messageId: parsed.messageId ?? '',
      headers: Object.fromEntries(parsed.headers.map((header) => [header.key, header.value])),
      receivedAtMs: Date.now(),
    }
    mails.push(mail)
    options.onMail?.(mail)
    // The mail is kept and the answer never comes: the sender cannot know, and sends it again.
    if (faults.includes('drop')) throw new ConnectionDropped()
  }

  const createServer = (): SMTPServer => {
    const server: SMTPServer = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      // Looking up the client's name would leave this machine.
      disableReverseLookup: true,
      closeTimeout: 200,
      onRcptTo: (address, _session, callback) => {
        const seen = (attempts.get(address.address) ?? 0) + 1
        attempts.set(address.address, seen)
        callback(refusal(faultOf(address.address) ?? fault, seen))
      },
      onData: (stream, session, callback) => {
        receive(stream, session).then(
          () => callback(null, `queued as ${mails.length}`),
          (error: Error) => (error instanceof ConnectionDropped ? destroyConnection(server, session) : callback(error)),
        )
      },
    })
    // A client that vanishes in mid-mail is its own trouble, not the sink's.
    server.on('error', () => undefined)
    return server
  }

  let server = createServer()
  await listen(server, port)
  let isListening = true
  const goAway = async (): Promise<void> => {
    if (!isListening) return
    isListening = false
    const closed = new Promise<void>((resolve) => server.close(resolve))
    for (const connection of server.connections) destroySocket(connection)
    await closed
  }
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    mails,
    setFault: (next) => {
      fault = next
    },
    goAway,
    comeBack: async () => {
      if (isListening) return
      server = createServer()
      await listen(server, port)
      isListening = true
    },
    close: goAway,
  }
}

class ConnectionDropped extends Error {}

function listen(server: SMTPServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.server.off('error', reject)
      resolve()
    })
  })
}

function destroyConnection(server: SMTPServer, session: SMTPServerSession): void {
  for (const connection of server.connections) {
    if (connection !== null && typeof connection === 'object' && 'id' in connection && connection.id === session.id)
      destroySocket(connection)
  }
}

/** smtp-server has no call that cuts a connection; its connection objects hold the socket as `_socket`. */
function destroySocket(connection: unknown): void {
  if (connection === null || typeof connection !== 'object' || !('_socket' in connection)) return
  const socket = connection._socket
  if (socket !== null && typeof socket === 'object' && 'destroy' in socket && typeof socket.destroy === 'function')
    socket.destroy()
}
