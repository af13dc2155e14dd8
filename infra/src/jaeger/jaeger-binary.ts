import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { cached, infraDir } from '../host/cache.ts'
import { requireCommand, run } from '../host/command.ts'

const moduleDir = path.join(infraDir, 'jaeger')

/**
 * Jaeger v2, built from the Go module that `infra/jaeger/go.mod` pins (its tag v1.76.0 is the same source as v2.13.0). The first build downloads for
 * about 40 s and compiles for some three minutes on two cores.
 *
 * The built UI is not part of the module: this binary has the query API and a placeholder page. The UI is in docker-compose.yml's image.
 */
export async function jaegerBinary(): Promise<string> {
  const version = /github\.com\/jaegertracing\/jaeger (v\S+)/.exec(
    await readFile(path.join(moduleDir, 'go.mod'), 'utf8'),
  )?.[1]
  if (version === undefined) throw new Error(`${moduleDir}/go.mod does not require github.com/jaegertracing/jaeger`)
  const dir = await cached(`jaeger-${version}`, async (partial) => {
    const go = await requireCommand('go', 'golang-go')
    const env = { ...process.env, GOBIN: partial, GOFLAGS: '-mod=readonly', GOMAXPROCS: String(availableParallelism()) }
    // A plain `go install module@version` is refused, because Jaeger's own go.mod has replace lines; a tool line in ours is not.
    // At low priority: the build takes minutes, and whoever waits for a test's first components should not wait for this.
    await run('nice', ['-n', '10', go, 'install', 'tool'], { cwd: moduleDir, env })
  })
  return path.join(dir, 'jaeger')
}
