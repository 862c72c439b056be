/** Bytes that are no DNS message, or a name that cannot be one. The only error that this folder throws. */
export class DnsFormatError extends Error {
  override readonly name = 'DnsFormatError'
}
