import type { Database } from '../../src/database.ts'

/** Opens the database under test, migrated and with empty tables. It is closed after the test file. */
export type OpenTestDatabase = () => Promise<Database>
