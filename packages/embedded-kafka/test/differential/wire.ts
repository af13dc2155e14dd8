import { apis } from '../../src/api/catalogue.ts'
import type { Scenario } from './session.ts'

/** What cannot be a request: the connection is closed without an answer. */
export const malformedFrames: Scenario = async (session) => {
  const raw = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const write = (what: string, hex: string) => session.recordClosed(what, (client) => client.socket.write(raw(hex)))
  await write('a frame of 2 GiB', '7fffffff 0003')
  await write('a frame of negative length', 'fffffff0 0003')
  await write('an unknown API key', '0000000a 7f01 0000 00000001 ffff')
  await write('an unknown version', '0000000a 0003 0063 00000001 ffff')
  await write('a frame that ends inside a field', '0000000c 0003 0006 00000001 ffff 0000')
  await write('an array of 2^31 - 1 elements', '0000000e 0003 0006 00000001 ffff 7fffffff')

  const client = await session.connect()
  const answer = await client.exchange(raw('0012 0063 00000001 ffff 00 0261 0261 00'))
  await session.record('ApiVersions of the future', Promise.resolve(answer.readInt16BE(4)))
}

interface Spoken {
  readonly errorCode: number
  readonly apiKeys: readonly { readonly apiKey: number }[]
}

/** What clients are told of the APIs that are served here. */
export const apiVersions: Scenario = async (session) => {
  const client = await session.connect()
  const ask = async (version: number, clientSoftwareName = 'test') => {
    const { errorCode, apiKeys } = await client.ask<Spoken>('ApiVersions', version, {
      clientSoftwareName,
      clientSoftwareVersion: '1',
    })
    return { errorCode, apiKeys: apiKeys.filter(({ apiKey }) => apis.has(apiKey)).toSorted(byKey) }
  }
  for (const version of [0, 1, 2, 3, 4]) await session.record(`ApiVersions ${version}`, ask(version))
  await session.record('ApiVersions of a client without a name', ask(4, ''))
  await session.record('ApiVersions of a client with an odd name', ask(3, 'a b'))
}

function byKey(one: { apiKey: number }, other: { apiKey: number }): number {
  return one.apiKey - other.apiKey
}
