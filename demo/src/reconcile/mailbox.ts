/** A mail as the SMTP server received it. */
export interface ReceivedMail {
  readonly messageId: string
  readonly orderId: string
  readonly outcome: string
  readonly receivedAtMs: number
}

/** What has arrived: mails sent again after an ambiguous failure carry the same Message-ID and count as one mail, and as duplicates. */
export interface Mailbox {
  add(mail: ReceivedMail): void
  /** Resolves when an order's mail has arrived, also when it already has. */
  mailFor(orderId: string): Promise<ReceivedMail>
  /** First mail of each Message-ID. */
  distinct(): ReceivedMail[]
  readonly received: number
}

export function createMailbox(): Mailbox {
  const firstById = new Map<string, ReceivedMail>()
  const firstByOrder = new Map<string, ReceivedMail>()
  const waiting = new Map<string, ((mail: ReceivedMail) => void)[]>()
  let received = 0
  return {
    add(mail) {
      received += 1
      if (firstById.has(mail.messageId)) return
      firstById.set(mail.messageId, mail)
      if (firstByOrder.has(mail.orderId)) return
      firstByOrder.set(mail.orderId, mail)
      for (const resolve of waiting.get(mail.orderId) ?? []) resolve(mail)
      waiting.delete(mail.orderId)
    },
    mailFor(orderId) {
      const seen = firstByOrder.get(orderId)
      if (seen !== undefined) return Promise.resolve(seen)
      return new Promise((resolve) => waiting.set(orderId, [...(waiting.get(orderId) ?? []), resolve]))
    },
    distinct: () => [...firstById.values()],
    get received() {
      return received
    },
  }
}
