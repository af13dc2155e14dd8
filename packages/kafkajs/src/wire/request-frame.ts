import { ByteWriter } from './bytes.ts'

/** What stands before the body of every request: version 1 of the header, which is the one of all versions that we speak. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string
}

const SIZE_BYTES = 4

/** Size and header, to be written before the parts of the body. */
export function requestPrefix(header: RequestHeader, body: readonly Buffer[]): Buffer {
  let bodyBytes = 0
  for (const part of body) bodyBytes += part.length
  const writer = new ByteWriter()
  writer.int32(0)
  writer.int16(header.apiKey)
  writer.int16(header.apiVersion)
  writer.int32(header.correlationId)
  writer.string(header.clientId)
  const prefix = writer.finish()
  prefix.writeInt32BE(prefix.length - SIZE_BYTES + bodyBytes, 0)
  return prefix
}
