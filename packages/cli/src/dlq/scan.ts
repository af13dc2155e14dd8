import type { DriverAdmin } from '@tributary/event-bus'
import type { DeadLetter } from './dead-letter.ts'
import { type LetterFilter, matches } from './filter.ts'
import type { DeadLetterTopic } from './find-topics.ts'
import { readRedriveProgress } from './progress.ts'
import { readDeadLetters } from './read-dead-letters.ts'

/**
 * The dead letters in these topics that `filter` means, partition by partition in the order of the log, up to the end that each has now.
 *
 * @param options.isAll also those that have been redriven.
 */
export async function* scanDeadLetters(
  admin: DriverAdmin,
  topics: readonly DeadLetterTopic[],
  options: { readonly filter: LetterFilter; readonly isAll: boolean },
): AsyncGenerator<DeadLetter> {
  for (const { deadLetterTopic, group } of topics) {
    for (const { bounds, waiting } of await readRedriveProgress(admin, deadLetterTopic, group)) {
      const ranges = options.isAll ? [{ from: bounds.logStartOffset, to: bounds.logEndOffset }] : waiting
      for (const { from, to } of ranges) {
        for await (const letter of readDeadLetters(admin, bounds, from, to)) {
          if (matches(letter, options.filter)) yield letter
        }
      }
    }
  }
}
