/** The lines that students type to pull from the teacher. Pure: shown by `class serve`, tested without a network. */
import type { Language } from '../faces/explain.ts'
import { SERVE_WORDS } from './serve-words.ts'

export type Invitation = {
  /** `192.168.1.5:5000`, the address that is told. */
  host: string
  tls: boolean
  /** An image to show it with, as `docker pull` takes it: `alpine:3.20`. */
  example: string
  /** True for one of docker.io, which a mirror can give under its own name. */
  isDockerHub: boolean
}

/** Two blocks: for students with mini-docker, and with docker. */
export function invite(invitation: Invitation, language: Language): string {
  const words = SERVE_WORDS[language]
  return [
    words.miniDocker,
    ...lines(invitation, language, 'sudo ./mini-docker', '/etc/mini-docker/daemon.json', [
      'sudo kill $(cat /run/mini-docker/mini-dockerd.pid) 2>/dev/null',
    ]),
    '',
    words.docker,
    ...lines(invitation, language, 'sudo docker', '/etc/docker/daemon.json', ['sudo systemctl restart docker']),
  ].join('\n')
}

function lines(
  { host, tls, example, isDockerHub }: Invitation,
  language: Language,
  program: string,
  file: string,
  restart: readonly string[],
): string[] {
  const words = SERVE_WORDS[language]
  const directory = file.slice(0, file.lastIndexOf('/'))
  const config = {
    'registry-mirrors': [`${tls ? 'https' : 'http'}://${host}`],
    ...(!tls && { 'insecure-registries': [host] }),
  }
  return [
    `  # ${words.once(file)}`,
    `  sudo mkdir -p ${directory}`,
    `  echo '${JSON.stringify(config)}' | sudo tee ${file}`,
    ...(tls ? [`  # ${words.certificate(`${directory}/certs.d/${host}/ca.crt`)}`] : []),
    ...restart.map((line) => `  ${line}`),
    ...(isDockerHub ? [`  ${program} pull ${example}`, `  # ${words.orWithoutMirror}`] : []),
    `  ${program} pull ${host}/${example}`,
  ]
}
