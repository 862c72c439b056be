/** The order in which people count: `net9` before `net10`. Numbers by value, everything else by its code points, as docker sorts names. */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const order = compareParts(left[index] ?? '', right[index] ?? '')
    if (order !== 0) return order
  }
  return left.length - right.length
}

function partsOf(text: string): string[] {
  return text.match(/\d+|\D/gu) ?? []
}

function compareParts(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareText(a, b)
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+/, '')) as [string, string]
  // Of equal numbers the one with fewer zeros before it comes first.
  return left.length - right.length || compareText(left, right) || a.length - b.length
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
