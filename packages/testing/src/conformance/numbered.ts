export function numbered(count: number, key: (number: number) => string): { key: string; number: number }[] {
  return Array.from({ length: count }, (_, number) => ({ key: key(number), number }))
}

export function numberIn(data: unknown): number {
  return typeof data === 'object' && data !== null && 'number' in data ? Number(data.number) : Number.NaN
}
