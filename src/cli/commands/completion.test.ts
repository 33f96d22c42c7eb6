import { expect, test } from 'vitest'
import { runProgram } from '../../../test/support/program.ts'
import { SHELLS } from '../completion/scripts.ts'

test.each(SHELLS)('the script for %s is on stdout, and in the result with --json', async (shell) => {
  const { code, stdout, stderr } = await runProgram(['completion', shell])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const json = await runProgram(['completion', shell, '--json'])
  expect(JSON.parse(json.stdout)).toEqual({ type: 'result', shell, script: stdout })
})

test.each([['tcsh'], ['constructor'], ['']])(
  'an unknown shell (%j) is refused with the known shells',
  async (shell) => {
    const { code, stdout, stderr } = await runProgram(['completion', shell])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: shell: [^\n]*bash, zsh, fish[^\n]*\n$/)
  },
)
