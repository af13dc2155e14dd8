import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { requireCommand, run } from '../host/command.ts'

export interface Certificates {
  /** The authority that clients must trust (PEM). */
  readonly caFile: string
  /** A client's certificate and key, for mutual TLS (PEM). */
  readonly clientCertificateFile: string
  readonly clientKeyFile: string
  /** Key, certificate and authority in one file: what Kafka wants as a PEM key store. */
  readonly brokerKeyStoreFile: string
}

/** Makes a throw-away authority, a broker's key for 127.0.0.1 and localhost, and a client's key, in `dir`. */
export async function makeCertificates(dir: string): Promise<Certificates> {
  const openssl = await requireCommand('openssl', 'openssl')
  const file = (name: string): string => path.join(dir, name)
  // The authority's settings come from a file and not from -addext: where the system's openssl.cnf has a section of its own, both would apply.
  await writeFile(
    file('ca.cnf'),
    [
      '[req]',
      'distinguished_name=dn',
      'x509_extensions=ca',
      '[dn]',
      '[ca]',
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=critical,keyCertSign,cRLSign',
      '',
    ].join('\n'),
  )
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  const authority = [
    'req',
    '-x509',
    ...newKey,
    '-days',
    '30',
    '-subj',
    '/CN=Tributary test authority',
    '-config',
    file('ca.cnf'),
  ]
  await run(openssl, [...authority, '-keyout', file('ca.key'), '-out', file('ca.pem')])

  for (const [name, usage] of [
    ['broker', 'serverAuth,clientAuth'],
    ['client', 'clientAuth'],
  ] as const) {
    await run(openssl, [
      'req',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-config',
      file('ca.cnf'),
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
    ])
    // Without the address in it, clients that check names refuse the certificate.
    await writeFile(file(`${name}.ext`), `subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=${usage}\n`)
    const issuer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '30']
    await run(openssl, [
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`),
      ...issuer,
      '-extfile',
      file(`${name}.ext`),
      '-out',
      file(`${name}.crt`),
    ])
  }
  // The order matters to Kafka: the PKCS#8 key first, then the chain.
  await run('sh', ['-c', 'cat broker.key broker.crt ca.pem > broker.pem'], { cwd: dir })
  return {
    caFile: file('ca.pem'),
    clientCertificateFile: file('client.crt'),
    clientKeyFile: file('client.key'),
    brokerKeyStoreFile: file('broker.pem'),
  }
}
