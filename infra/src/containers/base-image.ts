import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { requireCommand, run } from '../host/command.ts'
import { hasImage, podman } from './podman.ts'

/** The name that `service.Dockerfile` builds on. */
const baseImage = 'docker.io/library/node:24-bookworm-slim'

/**
 * Makes sure that the base image of the Dockerfile is there. Where no image registry can be reached, a stand-in is made under its name: Debian from its own
 * packages, this process's Node, npm, a user `node`, and the certificate authorities that this machine trusts.
 */
export async function ensureBaseImage(): Promise<void> {
  if (await hasImage(baseImage)) return
  const mmdebstrap = await requireCommand('mmdebstrap', 'mmdebstrap')
  const dir = await mkdtemp(path.join(tmpdir(), 'tributary-base-image-'))
  const authorities = '/etc/ssl/certs/ca-certificates.crt'
  try {
    const archive = path.join(dir, 'base.tar')
    // In a hook, "$1" is the new system's root directory.
    const hooks = [
      `install -m 755 ${process.execPath} "$1/usr/local/bin/node"`,
      'npm install --global --silent --prefix "$1/usr/local" npm@11',
      `install -m 644 ${authorities} "$1${authorities}"`,
      'chroot "$1" useradd --uid 1000 --create-home node',
    ].map((hook) => `--customize-hook=${hook}`)
    await run(mmdebstrap, ['--variant=minbase', '--include=ca-certificates,libstdc++6', ...hooks, 'bookworm', archive])
    await podman('import', '--change', `ENV=NODE_EXTRA_CA_CERTS=${authorities}`, archive, baseImage)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
