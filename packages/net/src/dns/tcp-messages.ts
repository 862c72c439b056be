/** Messages over TCP: each with its length in 16 bits before it (RFC 1035 §4.2.2). */

/** Cuts a stream into messages, whatever pieces it comes in. What is held is less than one message. */
export class TcpMessages {
  #rest: Buffer = Buffer.alloc(0)

  /** The messages that are whole with this piece. */
  push(piece: Buffer): Buffer[] {
    let rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const messages: Buffer[] = []
    while (rest.length >= 2) {
      const end = 2 + rest.readUInt16BE(0)
      if (rest.length < end) break
      messages.push(rest.subarray(2, end))
      rest = rest.subarray(end)
    }
    this.#rest = rest
    return messages
  }
}

export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}
