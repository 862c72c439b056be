/** Unpacking a layer into a directory that becomes an overlayfs lower. See overlayfs.rst of the kernel, layer.md of the OCI image-spec. */
import { TarParser } from '../tar/index.ts'
import { LayerWriter } from './layer.ts'
import type { Applied, ApplyOptions } from './options.ts'

/**
 * Unpacks the layer (an uncompressed tar) into the empty directory `targetDir`: owners, modes, attributes, times, hard
 * links, devices and holes as the archive says, whiteouts as overlayfs wants them. Independent of the umask.
 * Reads the input to its end. When it throws, the directory holds a part, and the caller removes it. Nothing is fsynced.
 * Needs root: CAP_CHOWN, CAP_FOWNER, CAP_MKNOD, and CAP_SYS_ADMIN for opaque directories. Linux ≥ 5.6 and a mounted /proc.
 * @throws UserError for a bad or hostile archive, a limit passed, or a full disk; SyscallError for anything else the kernel refuses.
 */
export async function applyLayer(
  input: AsyncIterable<Uint8Array>,
  targetDir: string,
  options: ApplyOptions = {},
): Promise<Applied> {
  const parser = new TarParser()
  using layer = new LayerWriter(targetDir, options)
  for await (const chunk of input) {
    parser.push(chunk)
    for (let event = parser.next(); event !== undefined; event = parser.next()) layer.take(event)
  }
  parser.finish()
  return layer.finish()
}
