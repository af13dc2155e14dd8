/** Regular expressions that clients send and the broker resolves. Kafka's are RE2/J's; a name is meant when all of it matches. */
import { createContext, runInContext } from 'node:vm'

/**
 * Kafka's engine needs time in proportion to the name; JavaScript's may need forever, and is stopped. It is the time of
 * the wall: less would be over on a busy machine before an innocent expression had its turn.
 */
const matchingTimeoutMs = 1_000

const matching = 'names.filter((name) => pattern.test(name))'

/** Options at the beginning, such as `(?i)`, which JavaScript takes as flags. */
const leadingFlags = /^\(\?([ims]+)\)/

/** `\Q…\E`, behind any other escape: `\\Q` is a backslash and a Q. */
const quoted = /\\Q([\s\S]*?)(?:\\E|$)|\\[\s\S]/g

/** What a literal may not contain as it is. */
const special = /[\\^$.*+?()[\]{}|]/g

/** @throws {SyntaxError} when it is no regular expression. */
export function wholeName(source: string): RegExp {
  const flags = leadingFlags.exec(source)?.[1] ?? ''
  const body = source
    .replace(leadingFlags, '')
    .replace(quoted, (found, literal?: string) => (literal === undefined ? found : literal.replace(special, '\\$&')))
  // Alone first: with the group around it, `a)(b` would pass.
  new RegExp(body, flags)
  return new RegExp(`^(?:${body})$`, flags)
}

/** An expression that takes too long matches nothing. @throws {SyntaxError} when it is none. */
export function namesMatching(source: string, names: readonly string[]): readonly string[] {
  const context = createContext({ pattern: wholeName(source), names: [...names] })
  try {
    return runInContext(matching, context, { timeout: matchingTimeoutMs }) as string[]
  } catch {
    return []
  }
}
