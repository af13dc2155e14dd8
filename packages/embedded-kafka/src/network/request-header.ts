import type { Api } from '../protocol/api.ts'
import { MalformedRequest } from '../protocol/malformed-request.ts'
import type { Reader } from '../protocol/reader.ts'

export interface RequestHeader {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
}

/** The part that every version of every request begins with. */
export function readHeader(reader: Reader): RequestHeader {
  return { apiKey: reader.int16(), version: reader.int16(), correlationId: reader.int32() }
}

/** The rest of the header: the client id in the classic layout always, then tagged fields in flexible versions. */
export function readClientId(reader: Reader, api: Api, version: number): string {
  const length = reader.int16()
  if (length < -1) throw new MalformedRequest(`the client id claims ${length} bytes`)
  const clientId = length === -1 ? '' : reader.text(length)
  if (version >= api.flexibleSince)
    for (let tags = reader.elements(reader.unsignedVarint()); tags > 0; tags--) {
      reader.unsignedVarint()
      reader.bytes(reader.unsignedVarint())
    }
  return clientId
}
