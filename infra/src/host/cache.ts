import { mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'

/** The folder of this package: configuration files and build descriptions lie beside `src`. */
export const infraDir: string = path.resolve(import.meta.dirname, '../..')

/** Where downloads and builds are kept between runs: `TRIBUTARY_CACHE`, or `infra/.cache` in the repository (ignored by git). */
function cacheDir(): string {
  return process.env['TRIBUTARY_CACHE'] ?? path.join(infraDir, '.cache')
}

/**
 * Returns the cached folder `name`, made by `build` the first time. `name` must carry the version of what is in it.
 *
 * The folder appears under its name only when it is complete: an interrupted build leaves nothing that a later run would take for whole, and when
 * two processes build at once the first to finish wins and the other one's copy is thrown away.
 */
export async function cached(name: string, build: (dir: string) => Promise<void>): Promise<string> {
  const finished = path.join(cacheDir(), name)
  if (await exists(finished)) return finished
  const partial = `${finished}.partial-${process.pid}`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  try {
    await build(partial)
    await rename(partial, finished).catch(async (error: unknown) => {
      if (!(await exists(finished))) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return finished
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
