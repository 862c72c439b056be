/** Numbers of the domain name system: RFC 1035 §3.2 and §4.1.1, RFC 3596 (AAAA), RFC 6891 (EDNS0). */

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const

export const CLASS_IN = 1

export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

export const OPCODE_QUERY = 0

/** Bits of the second 16 bits of a header. */
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const
export const OPCODE_MASK = 0x7800
export const RCODE_MASK = 0x000f

export const HEADER_BYTES = 12
/** What fits into UDP where the asker did not say more. */
export const PLAIN_UDP_BYTES = 512
/** A message over TCP has its length in 16 bits before it. */
export const MESSAGE_BYTES_MAX = 65_535
/** A name on the wire, with its lengths and the root's zero. */
export const NAME_BYTES_MAX = 255
export const LABEL_BYTES_MAX = 63
