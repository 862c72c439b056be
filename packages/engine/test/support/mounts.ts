/** A daemon whose mounts are watched, in the mount namespace of the test: what somebody does on the host is done in it. */
import * as fs from 'node:fs'
import { invoke, MS_PRIVATE, MS_REC } from '@mini-docker/syscall'
import { expect } from 'vitest'
import { KillableDaemon } from './killable.ts'

export class MountDaemon extends KillableDaemon {
  static override async start(): Promise<MountDaemon> {
    // How the machine shares its mounts must not matter.
    invoke('mount', null, '/', null, MS_PRIVATE | MS_REC, null)
    const daemon = new MountDaemon()
    await daemon.boot()
    return daemon
  }

  async started(body: object, name = ''): Promise<string> {
    const id = await this.create({ Cmd: ['sleep', '60'], ...body }, name)
    const { status, text } = await this.request('POST', `/containers/${id}/start`)
    if (status !== 204) throw new Error(text)
    return id
  }

  /** What a shell in a container with these mounts writes. */
  async output(command: string, HostConfig: object): Promise<string> {
    const result = await this.run({ Cmd: ['sh', '-c', command], HostConfig })
    return `${result[1]}${result[2]}`.trim()
  }

  /** Create or start fails: with which words. */
  async refusal(HostConfig: object): Promise<{ status: number; message: string }> {
    const body = { Image: 'demo', Cmd: ['true'], HostConfig }
    const made = await this.request('POST', '/containers/create', body)
    const answer = made.status === 201 ? await this.request('POST', `/containers/${made.json.Id}/start`) : made
    return { status: answer.status, message: answer.json?.message as string }
  }

  /** Removes all containers and volumes; nothing of them may be left. */
  async clear(): Promise<void> {
    for (const { Id } of (await this.request('GET', '/containers/json?all=1')).json as { Id: string }[])
      await this.request('DELETE', `/containers/${Id}?force=1&v=1`)
    for (const { Name } of (await this.request('GET', '/volumes')).json.Volumes as { Name: string }[])
      expect(await this.request('DELETE', `/volumes/${Name}`)).toMatchObject({ status: 204 })
    expect(mountsBelow(this.dir)).toEqual([])
    expect(fs.readdirSync(`${this.dir}/root/volumes`)).toEqual([])
  }
}

/** Where something is mounted below a folder. */
export function mountsBelow(dir: string): string[] {
  return fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((mountPoint) => mountPoint.startsWith(`${dir}/`))
}
