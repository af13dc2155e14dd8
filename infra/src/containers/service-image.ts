import path from 'node:path'
import { infraDir } from '../host/cache.ts'
import { ensureBaseImage } from './base-image.ts'
import { podman } from './podman.ts'

/** Builds the services' image from the Dockerfile that docker-compose.yml uses, and returns its name. */
export async function buildServiceImage(): Promise<string> {
  await ensureBaseImage()
  const name = 'localhost/tributary-services'
  const dockerfile = path.join(infraDir, 'containers/service.Dockerfile')
  // Docker's format and not OCI's: that one has no health checks. The host's network, because the build fetches packages.
  await podman('build', '--format', 'docker', '--network', 'host', '-t', name, '-f', dockerfile, path.dirname(infraDir))
  return name
}
