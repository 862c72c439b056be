/** What the volume commands share. */

/** The path of a volume. Throws docker's words for an empty name. */
export function volumePath(name: string): string {
  if (name.trim() === '') throw new Error('invalid volume name or ID: value is empty')
  return `/volumes/${encodeURIComponent(name)}`
}

/** A volume, as `GET /volumes` gives it: what lists show. */
export type VolumeSummary = {
  Name: string
  Driver: string
  Mountpoint: string
  Scope: string
  Labels: Record<string, string> | null
  UsageData?: { RefCount: number; Size: number } | null
}
