import { Argument, Option } from 'commander'
import { ping } from '../../devp2p/index.ts'
import { printable } from '../../node/index.ts'
import type { CommandSpec } from '../command.ts'
import { parseNode, parseWhole } from '../config/parse.ts'

interface PingOptions {
  readonly timeout: number
}

export const pingCommand: CommandSpec<PingOptions> = {
  name: 'ping',
  summary: 'connects to a node: RLPx handshake, Hello, one Ping',
  details:
    'Prints the name and the protocols of the node and the latencies (with --json in milliseconds), or the reason of a refusal. Put a URL that has a question mark in quotes.',
  examples: [
    ['ping enode://d860a0…@127.0.0.1:30303', 'a node on this machine'],
    ['ping enode://d860a0…@10.0.0.2:30303 --json', 'for scripts'],
  ],
  arguments: [new Argument('<enode>', 'the URL of the node')],
  flags: [],
  options: [
    new Option('--timeout <seconds>', 'timeout of each step')
      .argParser((text) => parseWhole('--timeout', text, 1, 3_600))
      .default(5),
  ],
  async run({ terminal, signal, clock }, { timeout }, enode = '') {
    const url = parseNode('enode', enode)
    const result = await ping(url, { signal, clock, timeout: timeout * 1000 })
    terminal.print(`client       ${printable(result.clientId)}`)
    terminal.print(`protocols    ${printable(result.capabilities.join(' '))} (base protocol ${result.version})`)
    terminal.print(`handshake    ${result.handshakeLatency.toFixed(1)} ms`)
    if (result.latency !== undefined) terminal.print(`ping         ${result.latency.toFixed(1)} ms`)
    if (result.disconnect) terminal.print(`then refused ${printable(result.disconnect.text)}`)
    return { enode: url, ...result }
  },
}
