import { ConfigError } from '../../../base/errors.ts'
import { type CommandSpec, required } from '../../command.ts'
import { NODE_FLAGS } from '../../flags/index.ts'
import { runNode } from './run-node.ts'

export const syncCommand: CommandSpec = {
  name: 'sync',
  summary: 'downloads and verifies the chain up to a block, from go-ethereum or any other node',
  details:
    'Headers, bodies and receipts are verified and stored; started again, it resumes where it stopped. After the sync it serves the chain until Ctrl-C.',
  examples: [
    ['sync --genesis genesis.json --staticnodes enode://… --synctarget 0xb625…', 'private'],
    ['sync --staticnodes enode://… --synctarget 0xb625… --exitwhensynced', 'then exits'],
    ['sync --sepolia --staticnodes enode://… --synctarget 0x8f3a…', 'public'],
  ],
  flags: NODE_FLAGS,
  logs: 'progress',
  reloads: true,
  async run(context) {
    const { config } = context
    required('--synctarget', config.get('synctarget'), 'the hash of the block to sync to')
    if (config.get('staticnodes').length === 0) {
      throw new ConfigError('--staticnodes', 'is required', { hint: 'the enode URL of a node that has the chain' })
    }
    return await runNode(context)
  },
}
