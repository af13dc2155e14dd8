import type { PeerCertificate } from 'node:tls'

/** The name in a certificate as Kafka makes a principal of it: RFC 2253, the most particular part first. Null when there is no certificate. */
export function distinguishedName(certificate: PeerCertificate | undefined): string | null {
  const subject: Record<string, string | string[] | undefined> | undefined = certificate?.subject as never
  if (subject === undefined) return null
  const parts = Object.entries(subject).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((each) => `${name}=${escaped(each)}`),
  )
  return parts.toReversed().join(',')
}

function escaped(value: string): string {
  return value.replaceAll(/[,+"\\<>;]/g, '\\$&')
}
