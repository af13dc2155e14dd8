/** A service that does nothing but start and close, in the way its argument says. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../../src/logger.ts'
import { runService } from '../../src/run-service.ts'

const mode = process.argv[2]
const logger = createLogger({ service: 'test', level: 'info', mixin: () => ({}) })
const keepAlive = setInterval(() => {}, 1000)

await runService({
  logger,
  closeWithinMs: mode === 'never closes' ? 200 : 30_000,
  start: async (closing) => {
    closing.defer(() => logger.info('database closed'))
    if (mode === 'cannot start') throw new Error('the port is taken')
    closing.defer(async () => {
      if (mode === 'slow') await sleep(5000)
      if (mode === 'never closes') await new Promise(() => {})
      clearInterval(keepAlive)
      logger.info('http closed')
    })
    if (mode === 'never closes') process.kill(process.pid, 'SIGTERM')
    const failed = mode === 'fails' ? Promise.resolve(new Error('not authorised')) : new Promise<Error>(() => {})
    return { port: 1, failed }
  },
})
