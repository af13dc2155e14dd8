import { describeInventory } from './suites/inventory.ts'

describeInventory(() => ({ url: 'pglite:' }))
