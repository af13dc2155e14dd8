import { errorCodes } from '../../src/protocol/error-codes.ts'

export function errorName(code: number): string {
  return Object.entries(errorCodes).find(([, each]) => each === code)?.[0] ?? `${code}`
}
