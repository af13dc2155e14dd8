/** Something could not be written or read. What was there before is as it was. */
export class StorageFailed extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(options?.cause === undefined ? what : `${what}: ${String((options.cause as Error).message)}`, options)
    this.name = 'StorageFailed'
  }
}

/** As the operating system says it. */
export function diskIsFull(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}
