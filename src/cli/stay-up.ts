import type { EthereumNode } from '../node/index.ts'
import type { Context } from './command.ts'
import { countOf, formatCount } from './format.ts'

/** Serves until it is told to stop, saying so: which is how serving ends, and no failure. */
export async function stayUp({ terminal, signal }: Context, node: EthereumNode, state: object): Promise<void> {
  const { urls } = node.node.endpoints
  terminal.emit({ type: 'serving', ...state, rpc: urls })
  terminal.say(`serving as ${node.enode}`)
  for (const url of urls) terminal.say(`JSON-RPC at ${url}`)
  terminal.say('Ctrl-C ends it')
  terminal.show((width) =>
    `serving  block ${formatCount(node.head.number)}  ${countOf(node.server.peers.size, 'peer')}`.slice(0, width - 1),
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
