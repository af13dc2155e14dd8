/** What a redrive says to people while it runs, and when it has ended. */
import { placeOf } from '../../dlq/dead-letter.ts'
import type { DeadLetterTopic } from '../../dlq/find-topics.ts'
import type { RedriveReport } from '../../dlq/redrive-report.ts'
import type { RedriveStep } from '../../dlq/redriven-record.ts'
import type { Output } from '../../terminal/output.ts'

/** A dry run shows the first few; the sum says the rest. */
const SHOWN_IN_A_DRY_RUN = 10

export class StepLines {
  readonly #output: Output
  readonly #topics: DeadLetterTopic
  readonly #isDryRun: boolean
  #redriven = 0

  constructor(output: Output, topics: DeadLetterTopic, isDryRun: boolean) {
    this.#output = output
    this.#topics = topics
    this.#isDryRun = isDryRun
  }

  say(step: RedriveStep): void {
    if (step.kind === 'redrive') {
      this.#redriven += 1
      if (this.#isDryRun && this.#redriven === SHOWN_IN_A_DRY_RUN + 1) this.#output.line('…')
      if (this.#isDryRun && this.#redriven > SHOWN_IN_A_DRY_RUN) return
    }
    this.#output.line(describeStep(step, this.#topics, this.#isDryRun))
  }
}

function describeStep(step: RedriveStep, { redriveTopic }: DeadLetterTopic, isDryRun: boolean): string {
  const { letter } = step
  const event = `${placeOf(letter)} (${letter.eventType ?? 'no type'} ${letter.eventId ?? 'without id'})`
  if (step.kind === 'leave') return `${isDryRun ? 'would leave' : 'leaving'} ${event}: ${step.reason}: ${step.detail}`
  return `${isDryRun ? 'would redrive' : 'redriving'} ${event} to ${redriveTopic}/${step.partition}, redrive ${letter.redriveCount + 1}`
}

export function describeReport(report: RedriveReport): string[] {
  const { topics, isDryRun, ended, redriven, redrivenByReason, leftBehind, passedOver, remaining } = report
  const { deadLetterTopic, redriveTopic } = topics
  const reasons = Object.entries(redrivenByReason).map(([reason, count]) => `${count} ${reason}`)
  const done = `${isDryRun ? 'would redrive' : 'redrove'} ${redriven} from ${deadLetterTopic} to ${redriveTopic}`
  const lines = [
    `${done}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}, left ${leftBehind.length} behind, passed over ${passedOver}, ${remaining} not looked at`,
  ]
  if (ended === 'interrupted') lines.push('interrupted: the same command goes on where it ended')
  if (ended === 'overtaken')
    lines.push('stopped: another redrive of these dead letters has begun, and goes on with them')
  if (ended === 'progress-full')
    lines.push(
      'stopped: what was redriven and what was passed over alternate too often to be remembered. Redrive what was passed over in this topic, then run this again',
    )
  return lines
}
