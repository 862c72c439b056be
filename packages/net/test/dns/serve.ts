/** A DNS server in a process of its own, to be killed: `node serve.ts NAMESPACE`. It knows the container `web`, and prints its ports. */
import { DnsServer, NetworkNames } from '../../src/index.ts'

const names = new NetworkNames('n1')
names.set({ id: 'a', name: 'web', aliases: [], addresses: ['10.9.0.2'] })
const view = { networks: [{ names }], forwards: true, ndotsSet: false }
const server = await DnsServer.open({ namespace: process.argv[2] ?? '', view, upstreams: [] })
process.stdout.write(`${JSON.stringify(server.ports)}\n`)
