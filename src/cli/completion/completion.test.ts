import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { buildProgram } from '../program.ts'
import { commandTree, withDescendants } from './command-tree.ts'
import { completionScripts, SHELLS } from './scripts.ts'

const program = buildProgram({ columns: 100, print: () => undefined }, { uses: [], run: async () => undefined })
const root = commandTree(program)

/** Completions that bash offers for the last word. */
function offered(...words: string[]): string[] {
  const quoted = ['peerloom', ...words].map((word) => `'${word}'`).join(' ')
  const asked = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _peerloom; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', `${completionScripts.bash(root)}\n${asked}`], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((word) => word !== '')
}

describe('bash', () => {
  test('bash parses the script', () => {
    expect(spawnSync('bash', ['-n'], { input: completionScripts.bash(root) })).toMatchObject({ status: 0 })
  })

  test('bash completes commands, also those of a group, and no hidden ones', () => {
    expect(offered('s')).toEqual(['sync'])
    expect(offered('key', '')).toEqual(expect.arrayContaining(['generate', 'show']))
    expect(offered('--http', 'ex')).toEqual(['export'])
    expect(offered('completion', '')).toEqual(expect.arrayContaining([...SHELLS]))
  })

  test('bash completes the flags of the command', () => {
    expect(offered('--http.p')).toEqual(['--http.port'])
    expect(offered('sync', '--authrpc.j')).toEqual(['--authrpc.jwtsecret'])
    expect(offered('key', 'show', '--p')).toEqual(['--private-key'])
    expect(offered('key', 'show', '--http.p')).toEqual([])
    expect(offered('--max-p')).toEqual([])
  })

  test('bash completes values that are known, and offers no commands as values', () => {
    expect(offered('--network', '')).toEqual(['mainnet', 'sepolia', 'hoodi'])
    expect(offered('--log.format', 'j')).toEqual(['json'])
    expect(offered('--identity', 's')).toEqual([])
  })
})

test.each(SHELLS)('the script for %s has every command and every flag', (shell) => {
  const script = completionScripts[shell](root)
  for (const { path, options } of withDescendants(root)) {
    for (const word of path) expect(script).toContain(word)
    for (const { flag } of options) expect(script).toContain(shell === 'fish' ? `-l ${flag.slice(2)} ` : flag)
  }
})
