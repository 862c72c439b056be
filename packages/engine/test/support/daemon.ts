/** A daemon of its own for a test: fresh folders, a unix socket, and raw HTTP to it. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { digestOf, parseReference, type Image } from '@mini-docker/image'
import { DEFAULT_CONFIG } from '../../src/config/config.ts'
import { startDaemon, type Daemon, type DaemonOptions } from '../../src/daemon.ts'
import { Api } from './api.ts'
import { fakeRuntime } from './fake-runtime.ts'

export class TestDaemon extends Api implements AsyncDisposable {
  readonly dir: string
  readonly lines: string[] = []
  daemon!: Daemon

  private constructor(dir: string) {
    super()
    this.dir = dir
  }

  static async start(options: Partial<DaemonOptions> = {}): Promise<TestDaemon> {
    const test = new TestDaemon(fs.mkdtempSync(path.join(os.tmpdir(), 'engine-')))
    await test.boot(options)
    return test
  }

  /** Starts the daemon (again) on the same folders. */
  async boot(options: Partial<DaemonOptions> = {}): Promise<void> {
    this.daemon = await startDaemon({
      root: path.join(this.dir, 'root'),
      runRoot: path.join(this.dir, 'run'),
      socketPath: this.socket,
      version: '0.1.0',
      runtime: fakeRuntime,
      // In this process's own network namespace, where nothing may be made.
      config: { ...DEFAULT_CONFIG, defaultNetwork: 'none' },
      cgroups: { kind: 'v2', parent: 'mini-docker', hierarchies: [] },
      log: (line) => void this.lines.push(line),
      ...options,
    })
  }

  get socket(): string {
    return path.join(this.dir, 'docker.sock')
  }

  /** An image without layers: enough for a runtime that needs no root filesystem, and unpacked without privileges. */
  async image(name: string, config: object = {}): Promise<Image> {
    const { images } = this.daemon.engine
    const json = (value: object): Buffer => Buffer.from(JSON.stringify(value))
    const imageConfig = json({
      architecture: process.arch === 'x64' ? 'amd64' : 'arm64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config,
      rootfs: { type: 'layers', diff_ids: [] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'test', empty_layer: true }],
    })
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = json({
      schemaVersion: 2,
      mediaType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(imageConfig),
        size: imageConfig.length,
      },
      layers: [],
    })
    return images.adding(async () => {
      await images.ingestBlob(imageConfig)
      await images.ingestBlob(manifest)
      return images.add({ mediaType, digest: digestOf(manifest), size: manifest.length }, [parseReference(name)])
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]()
    fs.rmSync(this.dir, { recursive: true, force: true })
  }
}
