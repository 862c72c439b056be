/** All containers: by id, by name, and by the beginning of an id, with docker's words when there is none. */
import { UserError } from '@mini-docker/syscall'
import type { Container } from './model.ts'
import { generateName, isValidName } from './names.ts'

export class ContainerStore {
  readonly #byId = new Map<string, Container>()
  /** A name is taken before its container is complete, so that two creates cannot both get it. */
  readonly #idByName = new Map<string, string>()

  /**
   * Takes a name for an id; an empty name is replaced by a made-up one.
   * @throws UserError `invalid` for a malformed name, `conflict` for one in use.
   */
  reserve(wanted: string, id: string): string {
    const name = wanted.startsWith('/') ? wanted.slice(1) : wanted
    if (name === '') {
      const made = generateName((taken) => this.#idByName.has(taken))
      this.#idByName.set(made, id)
      return made
    }
    if (!isValidName(name))
      throw new UserError('invalid', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
    const holder = this.#idByName.get(name)
    if (holder !== undefined && holder !== id)
      throw new UserError(
        'conflict',
        `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
    this.#idByName.set(name, id)
    return name
  }

  /** Gives a name back, when `id` holds it. */
  release(name: string, id: string): void {
    if (this.#idByName.get(name) === id) this.#idByName.delete(name)
  }

  /** A name that another holds, after somebody copied a folder, stays with the other. */
  add(container: Container): void {
    const { name } = container.record
    this.#byId.set(container.id, container)
    if (!this.#idByName.has(name)) this.#idByName.set(name, container.id)
  }

  delete(container: Container): void {
    this.#byId.delete(container.id)
    this.release(container.record.name, container.id)
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** In the order of their creation. */
  all(): Container[] {
    return [...this.#byId.values()]
  }

  /**
   * Finds by full id, by name, or by a beginning of the id that only one has.
   * @throws UserError `not-found`, or `invalid` when several ids begin so.
   */
  find(reference: string): Container {
    const name = reference.startsWith('/') ? reference.slice(1) : reference
    const exact = this.#byId.get(reference) ?? this.#byId.get(this.#idByName.get(name) ?? '')
    if (exact !== undefined) return exact
    const matches = /^[0-9a-f]{1,63}$/.test(reference) ? this.all().filter(({ id }) => id.startsWith(reference)) : []
    if (matches.length > 1) throw new UserError('invalid', `multiple IDs found with provided prefix: ${reference}`)
    const [match] = matches
    if (match === undefined) throw new UserError('not-found', `No such container: ${reference}`)
    return match
  }

  /** The same, undefined when there is none. */
  known(reference: string): Container | undefined {
    try {
      return this.find(reference)
    } catch (error) {
      if (error instanceof UserError) return undefined
      throw error
    }
  }
}
