import { findCommand, requireProgram, run } from '../host/command.ts'

const packages = 'podman runc netavark aardvark-dns iptables mmdebstrap'

/**
 * What every `podman build` and `podman run` needs inside a container or a small virtual machine: crun refuses hybrid cgroups where runc works, and podman's
 * own limits are above what such a machine lets anybody set.
 */
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

/** The global options that choose the runtime come before the command, those for limits after it. */
export async function podman(command: string, ...args: string[]): Promise<string> {
  const program = await requireProgram('The program "podman"', packages, () => findCommand('podman'))
  const starts = command === 'build' || command === 'run'
  return run(program, [...(starts ? ['--runtime', 'runc'] : []), command, ...(starts ? limits : []), ...args])
}

/** True when the image is in this machine's own store. */
export function hasImage(name: string): Promise<boolean> {
  return podman('image', 'exists', name).then(
    () => true,
    () => false,
  )
}

/** What a container has printed, on both of its outputs. */
export function containerLogs(container: string): Promise<string> {
  return run('sh', ['-c', 'podman logs "$1" 2>&1', 'sh', container])
}
