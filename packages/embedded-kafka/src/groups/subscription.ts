/** The topics in a member's metadata, written as consumers do: a version, then an array of names. Whatever else it is names none. */
import { array } from '../protocol/composites.ts'
import { int16, string } from '../protocol/fields.ts'
import { MalformedRequest } from '../protocol/malformed-request.ts'
import { Reader } from '../protocol/reader.ts'

const classic = { version: 0, flexible: false }
const topics = array(string)

export function subscribedTopics(metadata: Buffer): readonly string[] {
  const reader = new Reader(metadata)
  try {
    int16.read(reader, classic)
    return topics.read(reader, classic)
  } catch (error) {
    if (error instanceof MalformedRequest) return []
    throw error
  }
}
