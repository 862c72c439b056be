/**
 * A pull by hand: shell commands that, pasted in this order, do with curl, jq, sha256sum and tar what a pull does. What is not
 * known before the registry answers (token, digests) stands in variables. The result is an OCI layout with a tree beside it:
 *
 *   oci-layout  index.json  blobs/sha256/<hex>…  rootfs/
 */
import { shellWord } from '@mini-docker/syscall'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../media-type.ts'
import { familiarReference, type Reference } from '../../reference.ts'
import type { Platform } from '../../schema.ts'
import { authorize, reach } from './login.ts'

/** What is known before a pull. */
export type PullPlanFacts = {
  reference: Reference
  /** Where it is looked for, in this order: `https://registry-1.docker.io`. */
  endpoints: readonly string[]
  platform: Platform
}

/** Comments for people stand behind the commands, as in any script. */
export const pullByHand = {
  ping({ reference, endpoints }: PullPlanFacts): string[] {
    const name = reference.digest ?? reference.tag ?? 'latest'
    return [
      'PULL=${PULL:-$(mktemp -d)}; mkdir -p "$PULL/blobs/sha256" "$PULL/rootfs"; cd "$PULL"',
      `REPOSITORY=${shellWord(reference.path)} NAME=${shellWord(name)}`,
      reach(endpoints),
    ]
  },

  token(): string[] {
    return [
      ...authorize(['repository:$REPOSITORY:pull']),
      '# -L goes along when the registry sends us to its storage; curl shows AUTH to the first host only',
      'get() { curl -fsSL -H "$AUTH" "$@"; }',
    ]
  },

  manifest({ platform }: PullPlanFacts): string[] {
    const { os, architecture, variant } = platform
    const wanted = [
      `.platform.os == ${JSON.stringify(os)}`,
      `.platform.architecture == ${JSON.stringify(architecture)}`,
      ...(variant === undefined ? [] : [`.platform.variant == ${JSON.stringify(variant)}`]),
    ].join(' and ')
    return [
      `ACCEPT=${shellWord([OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', '))}`,
      'check() { echo "${1#sha256:}  blobs/sha256/${1#sha256:}" | sha256sum --check --quiet; }',
      'get -H "Accept: $ACCEPT" -o top.json "$REGISTRY/v2/$REPOSITORY/manifests/$NAME"',
      'DIGEST=sha256:$(sha256sum < top.json | cut -d " " -f 1)',
      `if [ "$(jq 'has("manifests")' top.json)" = true ]; then # an index: choose
  MANIFEST=$(jq -r ${shellWord(`first(.manifests[] | select(${wanted})).digest`)} top.json)
  get -H "Accept: $ACCEPT" -o "blobs/sha256/\${MANIFEST#sha256:}" "$REGISTRY/v2/$REPOSITORY/manifests/$MANIFEST"
else
  MANIFEST=$DIGEST
  cp top.json "blobs/sha256/\${MANIFEST#sha256:}"
fi`,
      'check "$MANIFEST"',
    ]
  },

  config(): string[] {
    return [
      'CONFIG=$(jq -r .config.digest "blobs/sha256/${MANIFEST#sha256:}")',
      'get -o "blobs/sha256/${CONFIG#sha256:}" "$REGISTRY/v2/$REPOSITORY/blobs/$CONFIG"',
      'check "$CONFIG"',
    ]
  },

  layer(): string[] {
    return [
      `for LAYER in $(jq -r '.layers[].digest' "blobs/sha256/\${MANIFEST#sha256:}"); do
  get -o "blobs/sha256/\${LAYER#sha256:}" "$REGISTRY/v2/$REPOSITORY/blobs/$LAYER"
  check "$LAYER"
done`,
    ]
  },

  unpack(): string[] {
    return [
      `for LAYER in $(jq -r '.layers[].digest' "blobs/sha256/\${MANIFEST#sha256:}"); do
  TAR=blobs/sha256/\${LAYER#sha256:}
  tar --quoting-style=literal -tf "$TAR" | while IFS= read -r ENTRY; do
    BASE=\${ENTRY##*/} DIR=rootfs/$(dirname "./$ENTRY")
    case $BASE in
      .wh..wh..opq) [ ! -d "$DIR" ] || find "$DIR" -mindepth 1 -delete ;; # nothing of this directory from below
      .wh.*) rm -rf "$DIR/\${BASE#.wh.}" ;;
    esac
  done
  tar -C rootfs --numeric-owner --xattrs --xattrs-include='*' --exclude='.wh.*' -xpf "$TAR"
done`,
    ]
  },

  name({ reference }: PullPlanFacts): string[] {
    return [
      `jq -n --arg name ${shellWord(familiarReference(reference))} --arg digest "$MANIFEST" \\
  --arg type "$(jq -r '.mediaType // "${OCI_MANIFEST}"' "blobs/sha256/\${MANIFEST#sha256:}")" \\
  --argjson size "$(wc -c < "blobs/sha256/\${MANIFEST#sha256:}")" \\
  '{schemaVersion: 2, manifests: [{mediaType: $type, digest: $digest, size: $size,
    annotations: {"org.opencontainers.image.ref.name": $name}}]}' > index.json`,
      `echo '{"imageLayoutVersion":"1.0.0"}' > oci-layout`,
      'echo "Digest: $DIGEST" && echo "Image ID: $CONFIG" && echo "Tree: $PULL/rootfs"',
    ]
  },
}
