/** Relative links between pages: the file must be there, and the heading in it too. */
import { posix } from 'node:path'
import type { Tree } from './tree.ts'

const link = /!?\[(?:[^[\]]|\[[^\]]*\])*\]\((?<target>[^()\s]+(?:\([^()\s]*\))?)(?:\s+"[^"]*")?\)/g
const external = /^[a-z][a-z0-9+.-]*:/i

/** Links of a page that lead nowhere. */
export function linkFaults(page: string, text: string, tree: Tree): string[] {
  return [...withoutCode(text).matchAll(link)].flatMap(({ groups }) => {
    const target = groups?.['target'] ?? ''
    if (external.test(target)) return []
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), decodeURIComponent(path)))
    if (file.startsWith('../')) return [`the link ${target} leaves the repository`]
    if (!tree.exists(file)) return [`the link ${target} leads to ${file}, which does not exist`]
    if (!anchor || tree.isFolder(file) || !file.endsWith('.md')) return []
    return headingAnchors(tree.read(file)).has(anchor)
      ? []
      : [`the link ${target} leads to a heading that ${file} does not have`]
  })
}

/** Headings as GitHub names them. */
export function headingAnchors(page: string): Set<string> {
  const anchors = new Set<string>()
  const counts = new Map<string, number>()
  for (const [, heading = ''] of withoutFences(page).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  for (const [, id = ''] of page.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

/** Brackets in code are no links. */
function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '')
}

function withoutFences(text: string): string {
  return text.replaceAll(/^(?<fence>`{3,}|~{3,})[\s\S]*?^\k<fence>\s*$/gm, '')
}
