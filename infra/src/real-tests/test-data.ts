import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrerequisiteMissingError } from '../host/errors.ts'

/** Beside the repository, unless TRIBUTARY_TEST_DATA names another place. */
const besideTheRepository = fileURLToPath(new URL('../../../../shared/data', import.meta.url))

/** The directory that holds `avro`, `northwind` and `online-retail`. @throws {PrerequisiteMissingError} when it is not there. */
export async function findTestData(): Promise<string> {
  const directory = process.env['TRIBUTARY_TEST_DATA'] ?? besideTheRepository
  for (const part of ['avro', 'northwind', 'online-retail']) {
    await access(`${directory}/${part}`).catch((cause: unknown) => {
      throw new PrerequisiteMissingError(
        `no test data at ${directory}/${part}: name the directory that holds avro, northwind and online-retail with TRIBUTARY_TEST_DATA`,
        { cause },
      )
    })
  }
  return directory
}
