/** Four kinds of tests: `unit` needs no privileges; `root` needs root and a Linux kernel; `e2e` drives the built program; `vm` runs in a small VM with cgroup v2. */
import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], extra: object = {}) => ({
  test: { name, include, testTimeout: 60_000, hookTimeout: 120_000, ...extra },
})

/** One file at a time: the kernel's tables (mounts, cgroups, links) are compared before and after. */
const alone = { fileParallelism: false }

export default defineConfig({
  test: {
    projects: [
      project('unit', ['{packages/*,tutorials}/test/**/*.test.ts', 'test/*.test.ts', 'test/harness/*.test.ts']),
      project('root', ['{packages/*,tutorials}/test/**/*.root.ts', 'test/harness/*.root.ts'], alone),
      project('e2e', ['test/e2e/**/*.e2e.ts'], { ...alone, testTimeout: 180_000, hookTimeout: 600_000 }),
      project('vm', ['packages/*/test/**/*.vm.ts', 'test/vm/**/*.vm.ts'], {
        ...alone,
        testTimeout: 600_000,
        hookTimeout: 600_000,
      }),
    ],
  },
})
