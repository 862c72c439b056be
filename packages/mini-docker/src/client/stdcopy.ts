/**
 * The framing that a container's two outputs share on one stream (attach, exec and logs without a terminal):
 *
 *     0       1 2 3   4 5 6 7      8 …
 *     stream  0 0 0   length (BE)  payload          stream: 0 stdin, 1 stdout, 2 stderr, 3 an error of the daemon
 */

/** A piece of output. Pieces of a frame are given as they come, without waiting for the whole frame. */
export type Piece = { fd: 1 | 2; bytes: Buffer }

const HEADER_BYTES = 8

/** Takes the stream apart, whatever the boundaries of `feed`. Throws on an unknown stream and on a daemon's error frame. */
export class Demultiplexer {
  #header = Buffer.alloc(0)
  #left = 0
  #stream = 0
  #systemError = ''

  feed(bytes: Buffer): Piece[] {
    const pieces: Piece[] = []
    let rest = bytes
    while (rest.length > 0) rest = this.#left === 0 ? this.#readHeader(rest) : this.#readPayload(rest, pieces)
    return pieces
  }

  /** The stream ended: false when it ended inside a frame. */
  get complete(): boolean {
    return this.#left === 0 && this.#header.length === 0
  }

  #readHeader(bytes: Buffer): Buffer {
    const wanted = HEADER_BYTES - this.#header.length
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, wanted)])
    if (this.#header.length < HEADER_BYTES) return Buffer.alloc(0)
    this.#stream = this.#header.readUInt8(0)
    this.#left = this.#header.readUInt32BE(4)
    this.#header = Buffer.alloc(0)
    if (this.#stream > 3) throw new Error(`unrecognized input header: ${this.#stream}`)
    return bytes.subarray(wanted)
  }

  #readPayload(bytes: Buffer, pieces: Piece[]): Buffer {
    const payload = bytes.subarray(0, this.#left)
    this.#left -= payload.length
    if (this.#stream === 3) {
      this.#systemError += payload.toString()
      if (this.#left === 0) throw new Error(`error from daemon in stream: ${this.#systemError}`)
    } else pieces.push({ fd: this.#stream === 2 ? 2 : 1, bytes: payload })
    return bytes.subarray(payload.length)
  }
}
