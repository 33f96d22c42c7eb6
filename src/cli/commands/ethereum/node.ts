import type { CommandSpec } from '../../command.ts'
import { NODE_FLAGS } from '../../flags/index.ts'
import { runNode } from './run-node.ts'

/** What the program does without a command. */
export const nodeCommand: CommandSpec = {
  name: 'peerloom',
  summary: 'the peer-to-peer networks of Ethereum: a node, and tools',
  details:
    'Without a command it runs the node, which serves its chain until Ctrl-C and prints its enode; with --json the line of type "serving" says it, as soon as it listens. Every option can stand in a TOML file, too (--config, see dumpconfig), or in the environment under the name in brackets.',
  examples: [
    ['--datadir data --genesis genesis.json', 'a chain of your own'],
    ['--sepolia --synctarget 0x8f3a… --staticnodes enode://…', 'syncs, then serves'],
    ['--datadir data --host 127.0.0.1 --port 0 --json', 'for scripts'],
  ],
  flags: NODE_FLAGS,
  logs: 'all',
  reloads: true,
  run: runNode,
}

/** What the node was called before it was the program itself. */
export const serveCommand: CommandSpec = { ...nodeCommand, name: 'serve', logs: 'progress', hidden: true }
