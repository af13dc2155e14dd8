import process from 'node:process'
import { describe } from 'vitest'
import { describeKilledRedrive } from './suites/killed-redrive.ts'

describe('a redrive that is killed, on Apache Kafka', () => {
  describeKilledRedrive(() => Promise.resolve((process.env['TRIBUTARY_REAL_KAFKA'] ?? '').split(',')))
})
