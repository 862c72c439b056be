/**
 * eBPF instructions, as much as a device program needs. https://docs.kernel.org/bpf/standardization/instruction-set.html
 *
 *     byte   0        1              2..3     4..7
 *            opcode   src<<4 | dst   offset   immediate      little-endian
 */
export type Instruction =
  | { op: 'load32'; dst: number; src: number; offset: number }
  | { op: 'mov' | 'and' | 'rsh'; dst: number; immediate: number }
  | { op: 'mov-register'; dst: number; src: number }
  /** Jumps over `skip` instructions when the comparison holds. */
  | { op: 'jne' | 'jeq'; dst: number; immediate: number; skip: number }
  | { op: 'exit' }

/** BPF_LDX|BPF_MEM|BPF_W, BPF_ALU|…|BPF_K, BPF_JMP|…|BPF_K: class, size or operation, and source of the operand. */
const OPCODES = {
  load32: 0x61,
  mov: 0xb4,
  and: 0x54,
  rsh: 0x74,
  'mov-register': 0xbc,
  jne: 0x55,
  jeq: 0x15,
  exit: 0x95,
} as const

/** The bytes of a program, 8 for each instruction. */
export function encodeProgram(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, instruction] of program.entries()) {
    const at = index * 8
    bytes.writeUInt8(OPCODES[instruction.op], at)
    if ('dst' in instruction)
      bytes.writeUInt8(('src' in instruction ? instruction.src << 4 : 0) | instruction.dst, at + 1)
    if ('offset' in instruction) bytes.writeInt16LE(instruction.offset, at + 2)
    if ('skip' in instruction) bytes.writeInt16LE(instruction.skip, at + 2)
    if ('immediate' in instruction) bytes.writeInt32LE(instruction.immediate, at + 4)
  }
  return bytes
}

/** One line for each instruction, in the notation of `bpftool prog dump xlated`. */
export function formatProgram(program: readonly Instruction[]): string[] {
  return program.map((instruction, index) => `${String(index).padStart(3)}: ${formatInstruction(instruction)}`)
}

function formatInstruction(instruction: Instruction): string {
  switch (instruction.op) {
    case 'load32':
      return `r${instruction.dst} = *(u32 *)(r${instruction.src} +${instruction.offset})`
    case 'mov':
      return `w${instruction.dst} = ${instruction.immediate}`
    case 'mov-register':
      return `w${instruction.dst} = w${instruction.src}`
    case 'and':
      return `w${instruction.dst} &= ${instruction.immediate}`
    case 'rsh':
      return `w${instruction.dst} >>= ${instruction.immediate}`
    case 'jne':
      return `if r${instruction.dst} != 0x${instruction.immediate.toString(16)} goto pc+${instruction.skip}`
    case 'jeq':
      return `if r${instruction.dst} == 0x${instruction.immediate.toString(16)} goto pc+${instruction.skip}`
    case 'exit':
      break
  }
  return 'exit'
}
