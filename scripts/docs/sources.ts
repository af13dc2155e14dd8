/** Source files that a page names in code: each must be there, under the end of a path or the whole of it. */
const named = /`(?<path>[\w@-][\w@.-]*(?:\/[\w@.-]+)*\.(?:ts|mjs|cjs))`/g

/** Names of a page that are no file's: it was moved, or renamed. */
export function sourceFaults(text: string, sources: readonly string[]): string[] {
  return [...text.matchAll(named)].flatMap(({ groups }) => {
    const path = groups?.['path'] ?? ''
    const isThere = sources.some((source) => source === path || source.endsWith(`/${path}`))
    return isThere ? [] : [`names ${path}, which does not exist`]
  })
}
