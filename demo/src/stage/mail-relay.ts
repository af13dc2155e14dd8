import type { SmtpSinkOptions } from '@tributary/infra'
import nodemailer from 'nodemailer'

export interface MailRelay {
  /** For the sink that counts the mails. */
  readonly options: Pick<SmtpSinkOptions, 'passOn'>
  readonly describe: string
  close(): void
}

/** With SMTP_URL, the demo's own server hands each mail on to the real one, and accepts it only when that one has: it counts what was really taken. */
export function mailRelay(smtpUrl: string | undefined): MailRelay {
  if (smtpUrl === undefined || smtpUrl === '') return { options: {}, describe: '', close: () => {} }
  const transport = nodemailer.createTransport({ url: smtpUrl, pool: true, maxConnections: 5 })
  return {
    options: {
      passOn: async ({ from, to, raw }) => void (await transport.sendMail({ envelope: { from, to: [...to] }, raw })),
    },
    describe: `, which hands on to ${new URL(smtpUrl).host}`,
    close: () => transport.close(),
  }
}
