import { generate } from 'selfsigned'

/** A server's key and certificate for 127.0.0.1 and a client's, both vouched for by the authority `ca`. Made anew: there are none to be kept secret. */
export async function certificates() {
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    clientCertificate: { cn: 'shop', keyType: 'ec', algorithm: 'sha256' },
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  })
  return {
    ca: made.cert,
    server: { key: made.private, cert: made.cert },
    client: { key: made.clientprivate ?? '', cert: made.clientcert ?? '' },
  }
}
