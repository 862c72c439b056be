/** Containers of a daemon in a network namespace of its own: started, asked, removed. */
import { eventually } from '../../../../test/harness/eventually.ts'
import type { KillableDaemon } from './killable.ts'

export type Body = { Cmd?: string[]; HostConfig?: object; NetworkingConfig?: object; [field: string]: unknown }

export class Containers {
  readonly #daemon: () => KillableDaemon

  constructor(daemon: () => KillableDaemon) {
    this.#daemon = daemon
  }

  /** One that runs, by name. */
  async start(name: string, body: Body, version = ''): Promise<string> {
    const made = await this.#daemon().request('POST', `${version}/containers/create?name=${name}`, {
      Image: this.#daemon().defaultImage,
      Cmd: ['sleep', '1000'],
      ...body,
    })
    if (made.status !== 201) throw new Error(made.text)
    const { Id } = made.json as { Id: string }
    const started = await this.#daemon().request('POST', `/containers/${Id}/start`)
    if (started.status !== 204) throw new Error(started.text)
    return Id
  }

  /** What a command in a running container prints. */
  async exec(id: string, ...Cmd: string[]): Promise<string> {
    const { json } = await this.#daemon().request('POST', `/containers/${id}/exec`, {
      Cmd,
      AttachStdout: true,
      AttachStderr: true,
    })
    const attached = await this.#daemon().hijack(`/exec/${json.Id}/start`, JSON.stringify({ Detach: false }))
    await attached.ended
    return attached.frames[1] + attached.frames[2]
  }

  async ping(id: string, address: string): Promise<boolean> {
    const version = address.includes(':') ? ['-6'] : []
    return (await this.exec(id, 'busybox', 'ping', ...version, '-c1', '-W1', address)).includes('1 packets received')
  }

  // oxlint-disable-next-line no-explicit-any -- a test says which shape it expects
  async settings(id: string): Promise<any> {
    return (await this.#daemon().request('GET', `/containers/${id}/json`)).json.NetworkSettings
  }

  async remove(...ids: string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#daemon().request('DELETE', `/containers/${id}?force=1`)))
  }

  /** A network, which is gone with its containers when it is disposed of. */
  async network(Name: string, body: object = {}): Promise<AsyncDisposable & { id: string }> {
    const made = await this.#daemon().request('POST', '/networks/create', { Name, ...body })
    if (made.status !== 201) throw new Error(made.text)
    return {
      id: (made.json as { Id: string }).Id,
      [Symbol.asyncDispose]: async () => {
        const { Containers: inside } = (await this.#daemon().request('GET', `/networks/${Name}`)).json
        await this.remove(...Object.keys(inside as object))
        const removed = await this.#daemon().request('DELETE', `/networks/${Name}`)
        if (removed.status !== 204) throw new Error(removed.text)
      },
    }
  }

  links(): string[] {
    return (this.#daemon().namespace.ip('link') as { ifname: string }[]).map(({ ifname }) => ifname)
  }

  /** Waits until no link of the host is called like this. */
  async linksGone(pattern: RegExp): Promise<void> {
    await eventually('the links are gone', () => Promise.resolve(!this.links().some((name) => pattern.test(name))))
  }
}
