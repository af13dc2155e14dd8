import { chmod, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * The folder for a component's data, log and pid files: `wanted`, or a new one under the system's temporary folder.
 * Others may pass through it (not list it): PostgreSQL runs as its own user when we are root.
 */
export async function stateDir(component: string, wanted?: string): Promise<string> {
  const dir = wanted ?? (await mkdtemp(path.join(tmpdir(), `tributary-${component}-`)))
  await mkdir(dir, { recursive: true })
  await chmod(dir, 0o711)
  return dir
}
