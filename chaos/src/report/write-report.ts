import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

export async function writeReport(file: string, report: object): Promise<void> {
  await mkdir(path.dirname(path.resolve(file)), { recursive: true })
  await writeFile(
    file,
    `${JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`,
  )
}
