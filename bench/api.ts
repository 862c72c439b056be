/** A client without a client: the calls of one `run` on kept-alive connections, so that only the daemon's time is measured. */
import * as http from 'node:http'

export class Api implements Disposable {
  readonly #socketPath: string
  readonly #agent = new http.Agent({ keepAlive: true })
  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  /** create, wait (asked for before the start, as docker's client does), start, the end, remove. */
  async runTrue(image: string): Promise<void> {
    const { Id } = await this.json<{ Id: string }>('POST', '/v1.41/containers/create', {
      Image: image,
      Cmd: ['true'],
      HostConfig: { NetworkMode: 'none' },
    })
    const ended = this.json<{ StatusCode: number }>('POST', `/v1.41/containers/${Id}/wait?condition=next-exit`)
    await this.json('POST', `/v1.41/containers/${Id}/start`)
    const { StatusCode } = await ended
    if (StatusCode !== 0) throw new Error(`true ended with ${StatusCode}`)
    await this.json('DELETE', `/v1.41/containers/${Id}`)
  }

  /** exec of `true`, waited for by the end of its output. */
  async execTrue(container: string): Promise<void> {
    const { Id } = await this.json<{ Id: string }>('POST', `/v1.41/containers/${container}/exec`, {
      Cmd: ['true'],
      AttachStdout: true,
      AttachStderr: true,
    })
    await this.json('POST', `/v1.41/exec/${Id}/start`, { Detach: false, Tty: false })
    const { ExitCode } = await this.json<{ ExitCode: number }>('GET', `/v1.41/exec/${Id}/json`)
    if (ExitCode !== 0) throw new Error(`true ended with ${ExitCode}`)
  }

  json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const headers =
        payload === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }
      const request = http.request({ socketPath: this.#socketPath, method, path, agent: this.#agent, headers })
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if ((response.statusCode ?? 500) >= 400)
            reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
          else resolve(parse(text) as T)
        })
      })
      request.end(payload)
    })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
