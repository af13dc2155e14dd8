import { describe, expect, it } from 'vitest'
import { commonEnvironment, readEnvironment } from './environment.ts'

const complete = { KAFKA_BROKERS: 'a:9092, b:9092', DATABASE_URL: 'pglite:' }

describe('readEnvironment', () => {
  it('fills in defaults, and takes an empty variable for one that is not set', () => {
    expect(readEnvironment(commonEnvironment, { ...complete, PORT: '', METRICS_PORT: '9464' })).toEqual({
      KAFKA_BROKERS: ['a:9092', 'b:9092'],
      DATABASE_URL: 'pglite:',
      DATABASE_SCHEMA: 'public',
      PORT: 0,
      HOST: '127.0.0.1',
      METRICS_PORT: 9464,
      LOG_LEVEL: 'info',
    })
  })

  it('lists every fault at once, by variable', () => {
    const environment = { KAFKA_BROKERS: 'kafka', PORT: '70000', LOG_LEVEL: 'loud' }
    const read = () => readEnvironment(commonEnvironment, environment)
    expect(read).toThrow(/KAFKA_BROKERS is "kafka": must be host:port/)
    expect(read).toThrow(/DATABASE_URL is not set/)
    expect(read).toThrow(/PORT is "70000"/)
    expect(read).toThrow(/LOG_LEVEL is "loud"/)
  })
})
