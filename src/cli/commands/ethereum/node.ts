import type { CommandSpec } from '../../command.ts'
import { NODE_FLAGS } from '../../flags/index.ts'
import { runNode } from './run-node.ts'

/** Default command of the program. */
export const nodeCommand: CommandSpec = {
  name: 'peerloom',
  summary: 'the peer-to-peer networks of Ethereum: a node, and tools',
  details:
    'Without a command it runs the node, which serves its chain until Ctrl-C and prints its enode URL; with --json, in the line of type "serving", as soon as it listens. Every option can also be set in a TOML file (--config, see dumpconfig), or in the environment by the variable in brackets.',
  examples: [
    ['--datadir data --genesis genesis.json', 'private chain'],
    ['--sepolia --synctarget 0x8f3a… --staticnodes enode://…', 'syncs, then serves'],
    ['--datadir data --host 127.0.0.1 --port 0 --json', 'for scripts'],
  ],
  flags: NODE_FLAGS,
  logs: 'all',
  reloads: true,
  run: runNode,
}

/** Former name of the node's command. */
export const serveCommand: CommandSpec = { ...nodeCommand, name: 'serve', logs: 'progress', hidden: true }
