import type { EthereumService } from '../../../ethereum/index.ts'
import type { Node } from '../../../node/index.ts'
import type { Context } from '../../command.ts'
import { countOf, formatCount } from '../../output/format.ts'

/** A node, and the service of its chain. */
export interface ChainNode {
  readonly node: Node
  readonly ethereum: EthereumService
}

/** Serves until it is told to stop, saying so: which is how serving ends, and no failure. */
export async function stayUp(
  { terminal, signal }: Context,
  { node, ethereum }: ChainNode,
  state: object,
): Promise<void> {
  const { urls } = node.endpoints
  terminal.emit({ type: 'serving', ...state, rpc: urls })
  terminal.say(`serving as ${node.enode}`)
  for (const url of urls) terminal.say(`JSON-RPC at ${url}`)
  terminal.say('Ctrl-C ends it')
  terminal.show((width) =>
    `serving  block ${formatCount(ethereum.head.number)}  ${countOf(node.server.peers.size, 'peer')}`.slice(
      0,
      width - 1,
    ),
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
