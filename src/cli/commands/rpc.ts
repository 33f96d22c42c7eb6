import { Argument, Option } from 'commander'
import { ConfigError } from '../../base/errors.ts'
import { printable } from '../../node/index.ts'
import type { CommandSpec } from '../command.ts'
import { CLIENT_FLAGS, connectTo, endpointOf } from '../connect.ts'

interface RpcOptions {
  readonly url?: string
}

export const urlOption = (): Option =>
  new Option('--url <endpoint>', 'http://…, ws://… or the path of a socket (default: the socket in the data folder)')

export const rpcCommand: CommandSpec<RpcOptions> = {
  name: 'rpc',
  summary: 'calls one method of a node and prints the result as JSON',
  details:
    'A parameter that is valid JSON is sent as its value, any other as a string. An error of the node ends with exit code 1.',
  examples: [
    ['rpc eth_blockNumber', 'default data folder'],
    ['rpc eth_getBlockByNumber latest false --url http://127.0.0.1:8545', 'any node'],
    ['rpc eth_getLogs \'{"fromBlock":"0x1"}\' --datadir data', 'with an object'],
  ],
  arguments: [new Argument('<method>', 'such as eth_blockNumber'), new Argument('[params...]', 'its parameters')],
  flags: CLIENT_FLAGS,
  options: [urlOption()],
  async run(context, { url }, method = '', ...params) {
    if (method.endsWith('_subscribe')) {
      throw new ConfigError('method', `${method} is a subscription`, {
        hint: 'use attach: for await (const head of subscribe("eth", "newHeads")) console.log(head)',
      })
    }
    await using client = await connectTo(context, endpointOf(context, url))
    const result = await client.call(method, params.map(readParam), { signal: context.signal })
    for (const line of JSON.stringify(result, null, 2).split('\n')) context.terminal.print(printable(line))
    return { method, value: result }
  },
}

function readParam(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
