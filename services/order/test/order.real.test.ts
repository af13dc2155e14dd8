import { randomBytes } from 'node:crypto'
import { describeOrderHandlers } from './suites/handlers.ts'
import { describeOrdersOverHttp } from './suites/http.ts'

/** On a server, transactions overlap: only here can two requests insert the same order at the same time. */
function emptySchema() {
  const url = process.env['TRIBUTARY_REAL_POSTGRES']
  if (url === undefined) throw new Error('TRIBUTARY_REAL_POSTGRES is not set: run this through `pnpm test:real`')
  return { url, schema: `test_${randomBytes(6).toString('hex')}` }
}

describeOrdersOverHttp(emptySchema)
describeOrderHandlers(emptySchema)
