/** The SMTP sink as a process of its own: `main.ts SMTP_PORT MAILBOX_PORT`. */
import { startMailboxServer } from './mailbox-server.ts'
import { startSmtpSink } from './start-smtp-sink.ts'

const [smtpPort, mailboxPort] = process.argv.slice(2).map(Number)
if (smtpPort === undefined || mailboxPort === undefined) throw new Error('usage: main.ts SMTP_PORT MAILBOX_PORT')

const sink = await startSmtpSink({ port: smtpPort })
const mailbox = await startMailboxServer(sink, mailboxPort)
console.log(`ready: ${sink.url}, ${mailbox.url}/mails`)
