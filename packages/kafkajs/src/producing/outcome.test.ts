import { describe, expect, it } from 'vitest'
import { BrokerError, code, LinkError } from '../wire/failures.ts'
import { lateness, leavesOpen, refusal, verdictOf } from './outcome.ts'

describe('the outcome of an attempt', () => {
  it.each([
    [code.none, 'written'],
    [code.duplicateSequenceNumber, 'written'],
    [code.notLeaderForPartition, 'try-again'],
    [9_999, 'try-again'],
    [code.unknownProducerId, 'sequence-lost'],
    [code.messageTooLarge, 'refused'],
  ])('of code %i is %s', (kafkaCode, verdict) => {
    expect(verdictOf(kafkaCode)).toBe(verdict)
  })

  it('leaves open what is on the log, unless the broker checks it before it appends', () => {
    // A leader that is replaced while it waits for its followers has appended, and says that it does not lead.
    for (const kafkaCode of [code.notLeaderForPartition, code.requestTimedOut, -1, 56, 9_999]) {
      expect(leavesOpen(kafkaCode)).toBe(true)
    }
    for (const kafkaCode of [code.messageTooLarge, code.topicAuthorizationFailed, code.outOfOrderSequenceNumber]) {
      expect(leavesOpen(kafkaCode)).toBe(false)
    }
  })

  it('names the topic that is missing only when nothing can have been written', () => {
    const missing = new BrokerError(code.unknownTopicOrPartition, 'orders/0')
    expect(lateness('orders/0', 100, missing, 'not-written')).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect(lateness('orders/0', 100, missing, 'unknown')).toMatchObject({ code: 'PUBLISH_TIMEOUT', outcome: 'unknown' })
    const broken = new LinkError('cut', { sent: true })
    expect(lateness('orders/0', 100, broken, 'unknown')).toMatchObject({
      cause: broken,
      message: expect.stringContaining('cut'),
    })
  })

  it('says what to do about a batch that is too large, and keeps what is not known', () => {
    const error = refusal('orders/0', new BrokerError(code.messageTooLarge, 'orders/0'), 'unknown')
    expect(error).toMatchObject({
      code: 'RECORD_TOO_LARGE',
      outcome: 'unknown',
      message: expect.stringContaining('max.message.bytes'),
    })
  })
})
