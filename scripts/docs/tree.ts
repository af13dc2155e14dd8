/** The repository as the checks see it; paths from its root. */
export interface Tree {
  read(path: string): string
  exists(path: string): boolean
  isFolder(path: string): boolean
}
