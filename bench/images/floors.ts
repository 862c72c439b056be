/** What a pull cannot do without: the download alone, and the unpacking alone, by tools that do nothing else. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Registry } from '../../test/harness/registry/index.ts'
import { findProgram } from '../../test/harness/requires.ts'
import type { Bench } from '../bench.ts'
import { processMs, type Contestant } from '../measure.ts'
import { settle } from './keeper.ts'
import type { Prepared } from './prepare.ts'

/** Download and sha256, nothing unpacked; then two that unpack from the page cache into one directory, with nothing checked or everything. */
export function floors(bench: Bench, image: Prepared, registry: Registry): Contestant[] {
  const target = join(bench.scratch, 'floor')
  const into = (words: readonly string[]) => async (): Promise<number> => {
    rmSync(target, { recursive: true, force: true })
    await settle(bench)
    const ms = await processMs(words)
    rmSync(target, { recursive: true, force: true })
    return ms
  }
  const from = `docker://${registry.host}/bench/${image.name}:latest`
  const untar = 'mkdir "$1"; for layer in "${@:2}"; do gzip -dc "$layer" | tar -C "$1" --numeric-owner -xpf -; done'
  return [
    {
      name: 'skopeo copy to dir: (no unpacking)',
      sample: into(['skopeo', '--insecure-policy', 'copy', '--src-tls-verify=false', from, `dir:${target}`]),
    },
    {
      name: 'gzip -dc | tar -x (no download)',
      sample: into(['bash', '-euc', untar, 'bash', target, ...image.layerFiles]),
    },
    {
      name: 'umoci unpack (no download)',
      sample: into(['umoci', 'unpack', '--image', `${image.layout}:bench`, target]),
    },
  ].filter(({ name }) => findProgram(name.split(' ')[0]!) !== undefined)
}
