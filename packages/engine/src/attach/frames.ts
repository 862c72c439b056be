/**
 * Docker's multiplexing of stdout and stderr over one connection (without a tty):
 *
 *     byte 0        1..3    4..7                   8..
 *     1 or 2        zero    length, big-endian     payload
 */
export type StreamNumber = 1 | 2

/** What comes before a payload of `size` bytes. */
export function frameHeader(stream: StreamNumber, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt32BE((stream << 24) >>> 0, 0)
  bytes.writeUInt32BE(size, 4)
  return bytes
}

/** One frame. */
export function frame(stream: StreamNumber, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(stream, payload.length), payload])
}

export const RAW_STREAM = 'application/vnd.docker.raw-stream'
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream'

/** What docker says the stream is: API 1.42 began to tell the two apart. */
export function streamType(tty: boolean, minor: number): string {
  return tty || minor < 42 ? RAW_STREAM : MULTIPLEXED_STREAM
}
