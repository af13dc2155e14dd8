/**
 * - `bounce`: 550 for the recipient, for good;
 * - `refuse`: 451 for the recipient, as long as the fault is set;
 * - `grey`: 451 for a recipient's first two attempts, then accepted;
 * - `slow`: accepted, but only after 1.5 s;
 * - `drop`: the mail is kept and the connection cut instead of an answer.
 */
export type SinkFault = 'bounce' | 'refuse' | 'grey' | 'slow' | 'drop'

const faults: readonly SinkFault[] = ['bounce', 'refuse', 'grey', 'slow', 'drop']

/** The fault that a recipient asks for by how its address begins: `bounce-1@shop.example`. */
export function faultOf(address: string): SinkFault | undefined {
  return faults.find((fault) => address.startsWith(fault))
}

/** The SMTP error for a recipient's `attempt` (counted from 1), or undefined where it is accepted. */
export function refusal(fault: SinkFault | undefined, attempt: number): (Error & { responseCode: number }) | undefined {
  if (fault === 'bounce') return smtpError(550, '5.1.1 No such user')
  if (fault === 'refuse') return smtpError(451, '4.3.0 Try again later')
  if (fault === 'grey' && attempt <= 2) return smtpError(451, '4.7.1 Greylisted')
  return undefined
}

function smtpError(responseCode: number, message: string): Error & { responseCode: number } {
  return Object.assign(new Error(message), { responseCode })
}
