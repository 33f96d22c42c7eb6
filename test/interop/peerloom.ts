import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Process } from './process.ts'

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url))

/** The built command line tool, as a user runs it. */
export function peerloom(...args: readonly string[]): Process {
  return new Process(process.execPath, [BIN, ...args], { keepAll: true })
}

/** The last line of a command that was run with `--json`: its result. */
export function resultOf(command: Process): Record<string, unknown> {
  const line = command.lines.findLast((text) => text.startsWith('{'))
  if (!line) throw command.failure('printed no result')
  return JSON.parse(line) as Record<string, unknown>
}

/** Runs a command to its successful end and gives its result. */
export async function run(...args: readonly string[]): Promise<Record<string, unknown>> {
  const command = peerloom(...args, '--json')
  await command.succeeded()
  return resultOf(command)
}

/** `peerloom serve`, running. Disposing it stops it. */
export async function serve(datadir: string): Promise<Process & { readonly enode: string }> {
  const command = peerloom('serve', '--datadir', datadir, '--host', '127.0.0.1', '--port', '0', '--json')
  const [enode] = await command.waitFor(/enode:\/\/[0-9a-f]{128}@127\.0\.0\.1:\d+/)
  return Object.assign(command, { enode })
}

/** A temporary folder, removed when it is disposed. */
export function tempFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'peerloom-interop-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
