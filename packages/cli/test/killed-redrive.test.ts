import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import { describe, onTestFinished } from 'vitest'
import { describeKilledRedrive } from './suites/killed-redrive.ts'

describe('a redrive that is killed, on the embedded broker', () => {
  describeKilledRedrive(async () => {
    const kafka = await startEmbeddedKafka({ autoCreateTopics: false })
    onTestFinished(() => kafka[Symbol.asyncDispose]())
    return kafka.bootstrapServers
  })
})
