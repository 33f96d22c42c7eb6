import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { Argument } from 'commander'
import { ConfigError, describeError, PeerloomError } from '../../base/errors.ts'
import { printable } from '../../node/index.ts'
import { pathExists, pathInDataDir } from '../../storage/index.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dataDirIn } from '../config/settings.ts'
import { CLIENT_FLAGS, connectTo, endpointOf } from '../connect.ts'
import { formatValue, NodeConsole } from '../console/console.ts'
import { ScriptInterruptedError } from '../console/evaluator.ts'
import { InterruptedError } from '../interruption.ts'

export const attachCommand: CommandSpec = {
  name: 'attach',
  summary: 'starts a JavaScript console connected to a node',
  details:
    'The namespaces of the node are objects: eth.blockNumber, eth.getBlockByNumber("latest", true), admin.peers. The console awaits the result of each line; a method without parameters needs no parentheses; within an expression, write await. A subscription is read by a loop: for await (const head of subscribe("eth", "newHeads")) console.log(head). Ctrl-C interrupts a running script, Tab completes, the history is kept in the data folder. --exec runs a script instead and prints its result.',
  examples: [
    ['attach', 'to the node in the default data folder'],
    ['attach ws://127.0.0.1:8546', 'to any node'],
    ['attach --datadir data --exec eth.blockNumber', 'for scripts'],
  ],
  arguments: [new Argument('[endpoint]', 'http://…, ws://… or the path of a socket')],
  flags: [...CLIENT_FLAGS, 'exec'],
  async run(context, _, url) {
    const { terminal, config, stdin } = context
    const endpoint = endpointOf(context, url)
    await using client = await connectTo(context, endpoint).catch(nameEndpoint)
    const console = await NodeConsole.open(client)
    const script = config.get('exec')
    if (script !== undefined) return { value: await runScript(context, console, script) }
    if (!stdin.isTTY) {
      await console.runLines(createInterface({ input: stdin }), (line) => terminal.print(line), context.signal)
      return { endpoint }
    }
    const version = String(await client.call('web3_clientVersion').catch(() => 'a node'))
    terminal.print(`connected to ${printable(version)} at ${endpoint}`)
    terminal.print(`modules: ${printable(console.modules.join(' '))}`)
    terminal.print('To exit, press ctrl-d or type exit\n')
    await console.interact({
      input: stdin,
      output: process.stdout,
      colors: terminal.colors && process.stdout.isTTY === true,
      history: await historyFile(context),
      signal: context.signal,
    })
    return { endpoint }
  },
}

/** Throws the error; one of the URL names the command's argument. */
function nameEndpoint(error: unknown): never {
  throw error instanceof ConfigError && error.field === 'url' ? error.withField('endpoint') : error
}

async function runScript({ terminal, signal }: Context, console: NodeConsole, script: string): Promise<unknown> {
  const value = await console
    .run(script, (line) => terminal.print(line), signal)
    .catch((error: unknown) => {
      if (error instanceof ScriptInterruptedError) throw new InterruptedError('SIGINT')
      if (error instanceof PeerloomError) throw error
      throw new PeerloomError('ERR_SCRIPT', `exec: ${describeError(error) || String(error)}`, { cause: error })
    })
  if (value !== undefined) terminal.print(formatValue(value, false))
  return value
}

/** Path of the history; undefined without a data folder to keep it in. */
async function historyFile({ config }: Context): Promise<string | undefined> {
  const file = pathInDataDir(dataDirIn(config), 'history')
  return (await pathExists(dirname(file))) ? file : undefined
}
