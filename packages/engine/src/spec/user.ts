/**
 * `USER name`, `--user uid:gid`, `--group-add`: from words to numbers, by the image's own /etc/passwd and /etc/group.
 * The rules and the error words are those of moby/sys/user (GetExecUser, GetAdditionalGroups). See passwd(5), group(5).
 */
import { UserError } from '@mini-docker/syscall'

export type ResolvedUser = { uid: number; gid: number; additionalGids: number[]; home: string }
/** The two files, or undefined where the image has none. */
export type UserDatabase = { passwd: string | undefined; group: string | undefined }

type PasswdEntry = { name: string; uid: number; gid: number; home: string }
type GroupEntry = { name: string; gid: number; members: string[] }

const MAX_ID = 2 ** 31 - 1

/**
 * Resolves `user` (empty, `name`, `uid`, `name:group`, `uid:gid`) and the additional groups.
 * @throws UserError `invalid`: `unable to find user X: no matching entries in passwd file`.
 */
export function resolveUser(user: string, groupAdd: string[], database: UserDatabase): ResolvedUser {
  const users = parsePasswd(database.passwd ?? '')
  const groups = parseGroup(database.group ?? '')
  const colon = user.indexOf(':')
  const wantedUser = colon === -1 ? user : user.slice(0, colon)
  const wantedGroup = colon === -1 ? '' : user.slice(colon + 1)

  const entry = users.find(({ name, uid }) =>
    wantedUser === '' ? uid === 0 : name === wantedUser || String(uid) === wantedUser,
  )
  const uid =
    entry?.uid ??
    numericId(
      wantedUser === '' ? '0' : wantedUser,
      `unable to find user ${wantedUser}: no matching entries in passwd file`,
    )
  const memberOf = groups
    .filter(({ members }) => entry !== undefined && members.includes(entry.name))
    .map(({ gid }) => gid)
  const gid = wantedGroup === '' ? (entry?.gid ?? 0) : groupId(wantedGroup, groups)
  // A group that was named stands for itself: memberships are then not looked up.
  const supplementary = wantedGroup === '' ? memberOf : []
  const added = groupAdd.map((group) => additionalGroup(group, groups))
  return {
    uid,
    gid,
    additionalGids: [...new Set([gid, ...supplementary, ...added])],
    home: entry?.home || '/',
  }
}

function groupId(wanted: string, groups: GroupEntry[]): number {
  const entry = groups.find(({ name, gid }) => name === wanted || String(gid) === wanted)
  return entry?.gid ?? numericId(wanted, `unable to find group ${wanted}: no matching entries in group file`)
}

function additionalGroup(wanted: string, groups: GroupEntry[]): number {
  const entry = groups.find(({ name, gid }) => name === wanted || String(gid) === wanted)
  return entry?.gid ?? numericId(wanted, `Unable to find group ${wanted}`)
}

function numericId(text: string, message: string): number {
  if (!/^\d+$/.test(text)) throw new UserError('invalid', message)
  const id = Number(text)
  if (id > MAX_ID) throw new UserError('invalid', `uids and gids must be in range 0-${MAX_ID}: ${text}`)
  return id
}

function parsePasswd(text: string): PasswdEntry[] {
  return records(text).flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
    /^\d+$/.test(uid) ? [{ name, uid: Number(uid), gid: Number(gid) || 0, home }] : [],
  )
}

function parseGroup(text: string): GroupEntry[] {
  return records(text).flatMap(([name = '', , gid = '', members = '']) =>
    /^\d+$/.test(gid)
      ? [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }]
      : [],
  )
}

function records(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
}
