/** The topics in members' metadata, written as consumers do: a version, an array of names, and bytes of their own. */
import { array } from '../protocol/composites.ts'
import { bytes, int16, nullable, string } from '../protocol/fields.ts'
import { MalformedRequest } from '../protocol/malformed-request.ts'
import { Reader } from '../protocol/reader.ts'

const classic = { version: 0, flexible: false }
const topics = array(string)
const userData = nullable(bytes)

/** What all of them read; undefined where one of them has written something else. */
export function subscribedTopics(metadata: readonly Buffer[]): ReadonlySet<string> | undefined {
  try {
    return new Set(metadata.flatMap(topicsIn))
  } catch (error) {
    if (error instanceof MalformedRequest) return undefined
    throw error
  }
}

function topicsIn(metadata: Buffer): readonly string[] {
  const reader = new Reader(metadata)
  int16.read(reader, classic)
  const names = topics.read(reader, classic)
  userData.read(reader, classic)
  return names
}
