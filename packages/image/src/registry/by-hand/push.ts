/**
 * A push by hand: shell commands that, pasted in this order, do with curl, jq and sed what a push does, from the blobs of a store.
 * Layers that lie there uncompressed are sent so; mini-docker compresses them on the way.
 */
import { shellWord } from '@mini-docker/syscall'
import { hexOf, type Digest } from '../../digest.ts'
import type { Reference } from '../../reference.ts'
import { authorize, reach } from './login.ts'

/** What is known before a push. */
export type PushPlanFacts = {
  reference: Reference
  /** Where it goes: `https://registry-1.docker.io`. */
  endpoints: readonly string[]
  manifest: { digest: Digest; mediaType: string }
  /** Layers, bottom first, and the config. */
  blobs: readonly Digest[]
  /** Where they lie: a store's `blobs/sha256`. */
  blobsDirectory: string
  /** Repositories of the same registry that may have the layers: `library/alpine`. */
  mountFrom: readonly string[]
}

export const pushByHand = {
  ping({ reference, endpoints, manifest, blobsDirectory }: PushPlanFacts): string[] {
    return [
      'cd "$(mktemp -d)"',
      `REPOSITORY=${shellWord(reference.path)} TAG=${shellWord(reference.tag ?? 'latest')}`,
      `BLOBS=${shellWord(blobsDirectory)} MANIFEST=${hexOf(manifest.digest)}`,
      reach(endpoints),
    ]
  },

  token({ mountFrom }: PushPlanFacts): string[] {
    return [
      ...authorize(['repository:$REPOSITORY:pull,push', ...mountFrom.map((path) => `repository:${path}:pull`)]),
      'ask() { curl -sS -H "$AUTH" "$@"; }',
      `has() { [ "$(ask -I -o answer -w '%{http_code}' "$REGISTRY/v2/$REPOSITORY/blobs/$1")" = 200 ]; }`,
    ]
  },

  mount({ mountFrom }: PushPlanFacts): string[] {
    return [
      `for BLOB in $(jq -r '.layers[].digest' "$BLOBS/$MANIFEST"); do
  for FROM in ${mountFrom.map(shellWord).join(' ')}; do
    has "$BLOB" || ask -d '' -o answer "$REGISTRY/v2/$REPOSITORY/blobs/uploads/?mount=$BLOB&from=$FROM"
  done
done`,
    ]
  },

  upload(): string[] {
    return [
      String.raw`for BLOB in $(jq -r '.layers[].digest, .config.digest' "$BLOBS/$MANIFEST"); do
  if has "$BLOB"; then continue; fi
  WHERE=$(ask -d '' -o answer -D - "$REGISTRY/v2/$REPOSITORY/blobs/uploads/" | sed -n 's/\r$//; s/^location: *//Ip')
  case $WHERE in /*) WHERE=$REGISTRY$WHERE ;; esac
  case $WHERE in *\?*) WHERE="$WHERE&digest=$BLOB" ;; *) WHERE="$WHERE?digest=$BLOB" ;; esac
  ask -f -H 'Content-Type: application/octet-stream' -T "$BLOBS/` +
        '${BLOB#sha256:}' +
        String.raw`" "$WHERE"
done`,
    ]
  },

  publish({ manifest }: PushPlanFacts): string[] {
    return [
      `ask -f -H ${shellWord(`Content-Type: ${manifest.mediaType}`)} -T "$BLOBS/$MANIFEST" \\
  "$REGISTRY/v2/$REPOSITORY/manifests/$TAG"`,
      'echo "$TAG: digest: sha256:$MANIFEST size: $(wc -c < "$BLOBS/$MANIFEST")"',
    ]
  },
}
