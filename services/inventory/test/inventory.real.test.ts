import { randomBytes } from 'node:crypto'
import { describeInventory } from './suites/inventory.ts'

/** On a server, transactions overlap: only here can two orders wait for each other's rows. */
describeInventory(() => {
  const url = process.env['TRIBUTARY_REAL_POSTGRES']
  if (url === undefined) throw new Error('TRIBUTARY_REAL_POSTGRES is not set: run this through `pnpm test:real`')
  return { url, schema: `test_${randomBytes(6).toString('hex')}` }
})
