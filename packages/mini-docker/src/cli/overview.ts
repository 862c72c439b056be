/** What `mini-docker` says when it is called alone, or a group of commands is. */

const COMMANDS: ReadonlyArray<[title: string, lines: Record<string, string>]> = [
  [
    'Containers',
    {
      run: 'Create and run a new container from an image (--explain, --trace, --tui, --step: see how)',
      record: 'Run a container and record how it is made',
      replay: 'Play a recorded run, on any machine',
      create: 'Create a new container',
      start: 'Start one or more stopped containers',
      attach: 'Attach to a running container',
      exec: 'Execute a command in a running container',
      ps: 'List containers',
      logs: 'Fetch the logs of a container',
      top: 'Display the running processes of a container',
      anatomy: 'Draw what the kernel says about a running container or process',
      stats: 'Display a live stream of container(s) resource usage statistics',
      port: 'List port mappings or a specific mapping for the container',
      inspect: 'Return low-level information on containers and images',
      stop: 'Stop one or more running containers',
      kill: 'Kill one or more running containers',
      restart: 'Restart one or more containers',
      pause: 'Pause all processes within one or more containers',
      unpause: 'Unpause all processes within one or more containers',
      wait: 'Block until one or more containers stop, then print their exit codes',
      cp: 'Copy files/folders between a container and the local filesystem',
      diff: "Inspect changes to files or directories on a container's filesystem",
      'diff runc': 'Run an image under runc and under mini-docker, and compare',
      export: "Export a container's filesystem as a tar archive",
      commit: "Create a new image from a container's changes",
      rename: 'Rename a container',
      rm: 'Remove one or more containers',
    },
  ],
  [
    'Images',
    {
      images: 'List images',
      pull: 'Download an image from a registry (--explain, --trace: see how)',
      push: 'Upload an image to a registry',
      search: 'Search Docker Hub for images',
      login: 'Authenticate to a registry',
      logout: 'Log out from a registry',
      history: 'Show the history of an image',
      'image tree': 'Show which layer added, changed or removed which file',
      'image diff': 'Show which files differ between two images',
      'image copy': 'Copy images between registries, files and the store',
      load: 'Load an image from a tar archive or STDIN',
      save: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
      import: 'Import the contents from a tarball to create a filesystem image',
      tag: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
      rmi: 'Remove one or more images',
    },
  ],
  [
    'Networks',
    {
      'network create': 'Create a network',
      'network ls': 'List networks',
      'network inspect': 'Display detailed information on one or more networks',
      'network connect': 'Connect a container to a network',
      'network disconnect': 'Disconnect a container from a network',
      'network rm': 'Remove one or more networks',
      'network prune': 'Remove all unused networks',
    },
  ],
  [
    'Volumes',
    {
      'volume create': 'Create a volume',
      'volume ls': 'List volumes',
      'volume inspect': 'Display detailed information on one or more volumes',
      'volume rm': 'Remove one or more volumes',
      'volume prune': 'Remove unused local volumes',
    },
  ],
  [
    'The course',
    {
      verify: 'Ask the kernel whether a container is what a chapter of the course says',
    },
  ],
  [
    'The machine',
    {
      ui: 'Show everything on one screen, and act on it',
      daemon: 'Run the daemon (the client starts one by itself where none runs)',
      doctor: 'Tell what this machine can do, what is missing, and how to mend it',
      events: 'Get real time events from the daemon',
      gc: 'Remove what crashed runs left behind',
      info: 'Display system-wide information',
      version: 'Show the version information of client and daemon',
    },
  ],
]

/** The names in docker's groups, which stand beside the plain ones. */
const GROUPS: Record<string, { about: string; commands: string }> = {
  class: { about: 'Teach a class, with or without a network', commands: 'pack serve' },
  container: {
    about: 'Manage containers',
    commands:
      'attach commit cp create diff exec export inspect kill logs ls pause port prune rename restart rm run start stats stop top unpause wait',
  },
  image: {
    about: 'Manage images',
    commands: 'copy diff history import inspect load ls prune pull push rm save tag tree',
  },
  manifest: { about: 'Look at manifests and manifest lists in a registry', commands: 'inspect' },
  network: { about: 'Manage networks', commands: 'connect create disconnect inspect ls prune rm' },
  system: { about: 'Manage the daemon', commands: 'df events info' },
  volume: { about: 'Manage volumes', commands: 'create inspect ls prune rm update' },
}

/** The overview of everything, or of one group. */
export function overview(group?: string): string {
  const known = GROUPS[group ?? '']
  if (known !== undefined) {
    return `Usage:  mini-docker ${group} COMMAND\n\n${known.about}\n\nCommands: ${known.commands}\n\nRun 'mini-docker ${group} COMMAND --help' for more information on a command.\n`
  }
  const sections = COMMANDS.map(([title, lines]) => {
    const width = Math.max(10, ...Object.keys(lines).map((name) => name.length))
    const shown = Object.entries(lines).map(([name, about]) => `  ${name.padEnd(width)}  ${about}`)
    return [`${title}:`, ...shown].join('\n')
  })
  return [
    'Usage:  mini-docker [OPTIONS] COMMAND',
    'Containers as lists of system calls, with the words of docker',
    ...sections,
    "Management commands: container, image, manifest, network, system, volume (docker's longer names for the same); class (for a room of learners)",
    'Options:\n      --config string   Location of client config files (default ~/.docker; or DOCKER_CONFIG)\n  -H, --host string     Daemon socket to connect to (default unix:///run/mini-docker/docker.sock; or MINI_DOCKER_HOST, DOCKER_HOST)\n  -v, --version         Print version information and quit',
    "Run 'mini-docker COMMAND --help' for more information on a command.\n",
  ].join('\n\n')
}
