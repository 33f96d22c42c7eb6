/**
 * All commands in Commander's form.
 * @module
 */
import { Command } from 'commander'
import { packageVersion } from '../node/index.ts'
import { type AnyCommandSpec, configureCommand, type Parsing, unknownNameError } from './command.ts'
import { attachCommand } from './commands/attach.ts'
import { completionCommand } from './commands/completion.ts'
import { dumpconfigCommand } from './commands/dumpconfig.ts'
import { demoCommand } from './commands/ethereum/demo.ts'
import { exportCommand } from './commands/ethereum/export.ts'
import { importCommand } from './commands/ethereum/import.ts'
import { inspectCommand } from './commands/ethereum/inspect.ts'
import { nodeCommand, serveCommand } from './commands/ethereum/node.ts'
import { syncCommand } from './commands/ethereum/sync.ts'
import { keyGenerateCommand, keyShowCommand } from './commands/key.ts'
import { peerCommands, peersCommand } from './commands/peers.ts'
import { pingCommand } from './commands/ping.ts'
import { rpcCommand } from './commands/rpc.ts'
import { formatHelp, MAX_HELP_WIDTH } from './output/help.ts'

/** Commands in the order of the help. */
const COMMANDS: readonly AnyCommandSpec[] = [
  syncCommand,
  importCommand,
  exportCommand,
  inspectCommand,
  attachCommand,
  rpcCommand,
  peersCommand,
  pingCommand,
  demoCommand,
  dumpconfigCommand,
  completionCommand,
  serveCommand,
]
/** Groups of commands behind a common name. */
const GROUPS: readonly {
  readonly name: string
  readonly summary: string
  readonly commands: readonly AnyCommandSpec[]
}[] = [
  { name: 'peer', summary: 'adds, removes, trusts and bans peers of a node', commands: peerCommands },
  { name: 'key', summary: 'generates and shows node keys', commands: [keyGenerateCommand, keyShowCommand] },
]

/** Names of the commands and groups that the help lists. */
export const COMMAND_NAMES: readonly string[] = [...COMMANDS.filter((spec) => !spec.hidden), ...GROUPS].map(
  ({ name }) => name,
)

export interface ProgramOutput {
  readonly columns: number | undefined
  readonly print: (text: string) => void
}

/** Builds the program. Without a command it is the node, whose flags may also stand before a command. */
export function buildProgram({ columns = MAX_HELP_WIDTH, print }: ProgramOutput, parsing: Parsing): Command {
  const program = new Command(nodeCommand.name)
  program
    .enablePositionalOptions()
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => {}, outputError: () => {}, getOutHelpWidth: () => columns })
    .configureHelp({ formatHelp })
  configureCommand(program, nodeCommand, { ...parsing, run: rejectExcessArguments(program, parsing) })
  program.version(packageVersion(), '-v, --version', 'prints the version')
  program.options.find(({ long }) => long === '--version')?.helpGroup('MISC')
  program.allowExcessArguments().helpCommand('help [command]', 'shows this help, or that of a command')
  const add = (parent: Command, spec: AnyCommandSpec): void => {
    const command = new Command(spec.name).copyInheritedSettings(program).allowExcessArguments(false)
    parent.addCommand(configureCommand(command, spec, parsing), { hidden: spec.hidden === true })
  }
  for (const spec of COMMANDS) add(program, spec)
  for (const { name, summary, commands } of GROUPS) {
    const group = program.command(name).summary(summary).description(summary).helpCommand(false)
    for (const spec of commands) add(group, spec)
  }
  return program
}

/** Rejects an argument of the node, which takes none, as an unknown command. */
function rejectExcessArguments(program: Command, { run }: Parsing): Parsing['run'] {
  return async (spec, options, words) => {
    const [word] = program.args
    if (word !== undefined) throw unknownNameError('command', word, COMMAND_NAMES)
    await run(spec, options, words)
  }
}
