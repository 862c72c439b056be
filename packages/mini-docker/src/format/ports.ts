/** The PORTS column: ranges where container and host port agree, single mappings where they do not. */

/** A port as `GET /containers/json` gives it. */
export type Port = { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }

/** `0.0.0.0:9000-9001->9000-9001/udp, 127.0.0.1:8080->80/tcp, 53/udp`, in docker's order. */
export function displayPorts(ports: readonly Port[]): string {
  const groups = new Map<string, { ip: string; type: string; first: number; last: number }>()
  const finished: string[] = []
  const mappings: string[] = []
  for (const port of ports.toSorted(comparePorts)) {
    const ip = port.IP ?? ''
    if (ip !== '' && port.PublicPort !== port.PrivatePort) {
      mappings.push(`${hostPort(ip, String(port.PublicPort))}->${port.PrivatePort}/${port.Type}`)
      continue
    }
    const key = `${ip}/${port.Type}`
    const group = groups.get(key)
    if (group !== undefined && port.PrivatePort === group.last + 1) group.last = port.PrivatePort
    else {
      if (group !== undefined) finished.push(formatGroup(group))
      groups.set(key, { ip, type: port.Type, first: port.PrivatePort, last: port.PrivatePort })
    }
  }
  return [...finished, ...[...groups.values()].map(formatGroup), ...mappings].join(', ')
}

function formatGroup({ ip, type, first, last }: { ip: string; type: string; first: number; last: number }): string {
  const range = first === last ? String(first) : `${first}-${last}`
  return ip === '' ? `${range}/${type}` : `${hostPort(ip, range)}->${range}/${type}`
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function hostPort(ip: string, port: string): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

function comparePorts(a: Port, b: Port): number {
  const text = (x = '', y = '') => (x < y ? -1 : Number(x > y))
  return (
    a.PrivatePort - b.PrivatePort ||
    text(a.IP, b.IP) ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    text(a.Type, b.Type)
  )
}
