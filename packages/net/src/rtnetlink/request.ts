/** A request to the kernel's network, as data: to be sent by this process, or by a step of the launcher. */
import { call, ref, type Call, type Filled } from '@mini-docker/syscall'
import { describeMessage } from './decode.ts'
import { encodeMessage, type MessageRequest } from './encode.ts'
import { AF_NETLINK, NETLINK_ROUTE, SOCK_RAW } from './numbers.ts'

export type Request = Filled

/** The bytes of a message and what they say. */
export function request(message: MessageRequest): Request {
  const piece = encodeMessage(message)
  return { ...piece, text: describeMessage(piece) }
}

const SOCK_CLOEXEC = 0o2000000
/** An answer is a few hundred bytes; an error repeats the request. */
const ANSWER_BYTES = 8192
/** Behind the header of the answer: the errno of an acknowledgement, negative, or 0. */
const ERROR_AT = 16
/** Of an answer that describes a link: nlmsghdr, then ifinfomsg with the index at 4. */
const INDEX_AT = 20

/** Opens a socket to the network namespace of whoever makes the call; `as` names it. It stays in that namespace, whoever uses it. */
export function openSocketCall(as: string): Call {
  return call('socket', [AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE], { as })
}

/** Sends a request and waits for its acknowledgement, whose error is the result of the call. `allow`: errors that do not matter. */
export function requestCalls(socket: string, { bytes, fill, text }: Request, allow: Call['allow'] = []): Call[] {
  return [
    call('sendto', [ref(socket), { bytes, fill, text }, bytes.length, 0, null, 0]),
    call('recvfrom', [ref(socket), { out: ANSWER_BYTES }, ANSWER_BYTES, 0, null, null], {
      resultAt: ERROR_AT,
      ...(allow.length > 0 && { allow }),
    }),
  ]
}

/** Sends requests in one datagram: the kernel does them one after the other, and no kill comes between. Each is acknowledged. */
export function requestTogetherCalls(socket: string, requests: readonly Request[]): Call[] {
  const bytes = Buffer.concat(requests.map((one) => one.bytes))
  let at = 0
  const fill = requests.flatMap((one) => {
    const moved = (one.fill ?? []).map((place) => ({ ...place, at: place.at + at }))
    at += one.bytes.length
    return moved
  })
  const text = `[${requests.map((one) => one.text).join(', ')}]`
  return [
    call('sendto', [ref(socket), { bytes, fill, text }, bytes.length, 0, null, 0]),
    ...requests.map(() =>
      call('recvfrom', [ref(socket), { out: ANSWER_BYTES }, ANSWER_BYTES, 0, null, null], { resultAt: ERROR_AT }),
    ),
  ]
}

/** Asks for a link by its name and gives its index the name `as`. The request must not ask for an acknowledgement. */
export function askIndexCalls(socket: string, { bytes, fill, text }: Request, as: string): Call[] {
  return [
    call('sendto', [ref(socket), { bytes, fill, text }, bytes.length, 0, null, 0]),
    // Of a link, there stand family and type, which are no errno.
    call('recvfrom', [ref(socket), { out: ANSWER_BYTES, as: [as], at: INDEX_AT }, ANSWER_BYTES, 0, null, null], {
      resultAt: ERROR_AT,
    }),
  ]
}
