/** Which namespaces it is in, and with whom. */
import type { AnatomyNamespace } from '@mini-docker/facts'
import type { Row } from '../../tui/shared/pieces.ts'
import { withNote, type View } from '../view.ts'
import type { Subject } from '../subject.ts'
import type { Words } from '../words.ts'

const KIND_COLUMNS = 8

export function namespaceRows({ anatomy, names }: Subject, words: Words, width: number): View {
  const { pid, namespaces } = anatomy
  const rows = namespaces.map((namespace): Row => {
    const { kind, inode, isReaders, sharedWith, owner } = namespace
    const shared = isReaders
      ? words.host
      : sharedWith.length === 0
        ? words.own
        : `${words.sharedWith} ${sharersOf(namespace, names)}`
    const row: Row = [
      { text: kind.padEnd(KIND_COLUMNS), bold: true },
      { text: `${inode}  `, dim: true },
      { text: shared, color: isReaders ? 'yellow' : sharedWith.length === 0 ? 'green' : 'magenta' },
    ]
    const usersOwn = namespaces.find((other) => other.kind === 'user')?.inode
    // Only what is not as everybody expects: a namespace that belongs to another user namespace than the process is in.
    return owner === undefined || owner.userInode === usersOwn
      ? withNote(row, `/proc/${pid}/ns/${kind}`, width)
      : withNote(row, words.ownedBy(owner.userInode, owner.uid), width)
  })
  return { rows, sources: [`/proc/${pid}/ns`, 'ioctl(NS_GET_USERNS)', '/proc/*/ns'] }
}

/** Containers by name, each once; processes of none by their own. */
function sharersOf({ sharedWith }: AnatomyNamespace, names: Subject['names']): string {
  const seen = new Set<string>()
  for (const { pid, name, containerId } of sharedWith) {
    seen.add(containerId === undefined ? `${name} (${pid})` : (names[containerId] ?? containerId.slice(0, 12)))
  }
  return [...seen].join(', ')
}
