/**
 * Block I/O. https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html, cgroup-v2.html#io
 *
 *     OCI                   v1 (controller blkio)            v2 (controller io)
 *     weight                blkio[.bfq].weight               io.bfq.weight, else io.weight (1..10000)
 *     weightDevice          blkio[.bfq].weight_device        the same files, "major:minor weight"
 *     throttle…Bps, IOPS    blkio.throttle.*_device          io.max "8:0 rbps=… wbps=… riops=… wiops=…"
 */
import { hasFile, type CgroupLayout, type Hierarchy } from '../layout.ts'
import type { OciBlockIO, OciDeviceRate } from '../resources.ts'
import type { Setting } from '../work.ts'
import { integer, invalid, requireController, unsupported } from './require.ts'

export function ioSettings(layout: CgroupLayout, asked: OciBlockIO | undefined): Setting[] {
  if (asked === undefined || !asksAnything(asked)) return []
  const home = requireController(layout, 'block I/O', 'blkio', 'io')
  return [...weights(home, asked), ...throttles(home, asked)]
}

/** Zero means not asked for, as everywhere in docker's API. */
function asksAnything(io: OciBlockIO): boolean {
  return (
    Boolean(io.weight) ||
    Boolean(io.leafWeight) ||
    Boolean(io.weightDevice?.length) ||
    THROTTLES.some(({ key }) => io[key]?.length)
  )
}

function weights(home: Hierarchy, io: OciBlockIO): Setting[] {
  const perDevice = io.weightDevice ?? []
  if (io.leafWeight || perDevice.some((device) => device.leafWeight))
    throw unsupported('block I/O leaf weight', 'it went away with the CFQ scheduler in Linux 5.0')
  if (!io.weight && perDevice.length === 0) return []
  const file = weightFile(home)
  return [
    ...(io.weight ? [{ file: file.name, value: file.format(io.weight) }] : []),
    ...perDevice.flatMap(({ major, minor, weight }) =>
      weight ? [{ file: file.device, value: `${deviceNumber(major, minor)} ${file.format(weight)}` }] : [],
    ),
  ]
}

type WeightFile = { name: string; device: string; format: (weight: number) => string }

/** BFQ's file where the kernel has that scheduler: only then does a v1 group have weights at all. */
function weightFile(home: Hierarchy): WeightFile {
  const candidates: WeightFile[] =
    home.version === 1
      ? [
          { name: 'blkio.bfq.weight', device: 'blkio.bfq.weight_device', format: plain },
          { name: 'blkio.weight', device: 'blkio.weight_device', format: plain },
        ]
      : [
          { name: 'io.bfq.weight', device: 'io.bfq.weight', format: plain },
          {
            name: 'io.weight',
            device: 'io.weight',
            format: (weight) => String(1 + Math.floor(((Number(plain(weight)) - 10) * 9999) / 990)),
          },
        ]
  const found =
    candidates.find(({ name }) => hasFile(home, name) === 'yes') ??
    candidates.findLast(({ name }) => hasFile(home, name) === 'unknown')
  if (found === undefined) throw unsupported('block I/O weight', 'the kernel has neither the BFQ scheduler nor io.cost')
  return found
}

function plain(weight: number): string {
  if (weight < 10 || weight > 1000) throw invalid(`block I/O weight ${weight} is out of range`, '10 to 1000')
  return integer('block I/O weight', weight)
}

const THROTTLES = [
  { key: 'throttleReadBpsDevice', v1: 'blkio.throttle.read_bps_device', v2: 'rbps' },
  { key: 'throttleWriteBpsDevice', v1: 'blkio.throttle.write_bps_device', v2: 'wbps' },
  { key: 'throttleReadIOPSDevice', v1: 'blkio.throttle.read_iops_device', v2: 'riops' },
  { key: 'throttleWriteIOPSDevice', v1: 'blkio.throttle.write_iops_device', v2: 'wiops' },
] as const

/** One write for each device and kind: the kernel changes only the keys it is given. A rate of 0 lifts the limit. */
function throttles(home: Hierarchy, io: OciBlockIO): Setting[] {
  return THROTTLES.flatMap(({ key, v1, v2 }) =>
    (io[key] ?? []).map((device): Setting =>
      home.version === 1
        ? { file: v1, value: `${deviceNumber(device.major, device.minor)} ${rate(device)}` }
        : {
            file: 'io.max',
            value: `${deviceNumber(device.major, device.minor)} ${v2}=${device.rate === 0 ? 'max' : rate(device)}`,
          },
    ),
  )
}

function rate(device: OciDeviceRate): string {
  return integer('block I/O rate', device.rate, 0)
}

function deviceNumber(major: number, minor: number): string {
  return `${integer('device major number', major, 0)}:${integer('device minor number', minor, 0)}`
}
