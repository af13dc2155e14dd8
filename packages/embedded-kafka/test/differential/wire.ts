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
