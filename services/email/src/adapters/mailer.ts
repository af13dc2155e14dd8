import { Reject } from '@tributary/event-bus'
import nodemailer from 'nodemailer'
import type { Mail } from '../domain/mail.ts'

export interface Mailer {
  /**
   * Hands a mail to the SMTP server. Resolves when the server has taken it.
   *
   * @throws {Reject} the server refuses it for good (5xx): another try would end the same way.
   * @throws whatever else went wrong: the server is away, busy or slow (4xx), or the connection broke. After a break in mid-send nobody knows whether the
   *   server has the mail.
   */
  send(mail: Mail, eventId: string): Promise<void>
  close(): void
}

export interface MailerOptions {
  readonly url: string
  readonly from: string
}

/** Shorter than an attempt may take, so that a silent server fails the attempt and not its deadline. */
const TIMEOUT_MS = 10_000

export function createMailer({ url, from }: MailerOptions): Mailer {
  const address = new URL(url)
  const transport = nodemailer.createTransport({
    host: address.hostname,
    port: Number(address.port || (address.protocol === 'smtps:' ? 465 : 25)),
    secure: address.protocol === 'smtps:',
    ...(address.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(address.username), pass: decodeURIComponent(address.password) } }),
    pool: true,
    maxConnections: 5,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  })
  return {
    async send({ to, subject, text, orderId, outcome }, eventId) {
      try {
        await transport.sendMail({
          from,
          to,
          subject,
          text,
          // One event, one Message-ID, however often it is sent: servers and readers that look at it see one mail.
          messageId: messageIdOf(eventId),
          headers: { 'X-Event-Id': eventId, 'X-Order-Id': orderId, 'X-Order-Outcome': outcome },
        })
      } catch (error) {
        const code = responseCodeOf(error)
        // nodemailer's own codes do not tell the two apart: a 550 and a 451 are both EENVELOPE.
        if (code >= 500)
          throw new Reject(`the mail server refuses the mail for good: ${String(error)}`, { cause: error })
        throw error
      }
    },
    close: () => transport.close(),
  }
}

export const messageIdOf = (eventId: string): string => `<${eventId}@tributary.example>`

/** 0 when the server has not answered. */
function responseCodeOf(error: unknown): number {
  return error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
    ? error.responseCode
    : 0
}
