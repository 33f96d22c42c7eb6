import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { RpcClient, RpcError, RpcServer } from '../../rpc/index.ts'
import { NodeConsole } from './console.ts'

/** Control characters that no terminal may be sent. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test is about control characters
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

async function lines(server: RpcServer, ...script: string[]): Promise<string[]> {
  await using client = await RpcClient.inProcess(server)
  const node = await NodeConsole.open(client)
  const printed: string[] = []
  async function* input() {
    yield* script
  }
  await node.runLines(input(), (line) => printed.push(line))
  await server.close()
  return printed
}

describe('responses of a node', () => {
  test('responses reach the terminal without control characters', async () => {
    const evil = '\u001b]0;owned\u0007\u009b2J\u007f'
    const server = new RpcServer().register('evil', {
      text: () => evil,
      list: () => [{ [evil]: evil }],
      fail: () => {
        throw new RpcError(-32_000, evil)
      },
    })
    const printed = await lines(
      server,
      'evil.text',
      'console.log(await evil.text())',
      'evil.fail()',
      'JSON.stringify(await evil.list())',
    )
    expect(printed).toHaveLength(4)
    for (const line of printed) expect(line).not.toMatch(CONTROL)
  })

  test('a node with an invalid description is asked for whatever name is used', async () => {
    const server = new RpcServer().register('odd', { one: () => 1 })
    await using client = await RpcClient.inProcess(server)
    const call = client.call.bind(client)
    for (const nonsense of [null, 7, {}, { methods: 5 }, { methods: [null, { name: 3 }] }]) {
      const answer = (method: string, params?: readonly unknown[]) =>
        method === 'rpc.discover' ? Promise.resolve(nonsense) : call(method, params)
      client.call = answer as typeof client.call
      const node = await NodeConsole.open(client)
      expect(await node.run('odd.one', () => {})).toBe(1)
    }
    await server.close()
  })
})

describe('scripts', () => {
  const api = {
    blockNumber: () => '0x7',
    nodeInfo: () => ({ enode: 'enode://x', ports: { listener: 30_303 } }),
    peers: () => [{ name: 'a' }, { name: 'b' }],
    getBlock: (number: string) => ({ number }),
    async *ticks(signal?: AbortSignal) {
      for (let n = 0; !signal?.aborted; n++) yield n
    },
  }

  async function run(script: string, signal?: AbortSignal): Promise<unknown> {
    await using server = new RpcServer().register('eth', api)
    await using client = await RpcClient.inProcess(server)
    return await (await NodeConsole.open(client)).run(script, () => {}, signal)
  }

  test.each([
    ['eth.blockNumber', '0x7'],
    ['eth.blockNumber()', '0x7'],
    ['await eth.blockNumber > 5', true],
    ['eth.nodeInfo.enode', 'enode://x'],
    ['eth.nodeInfo.ports.listener', 30_303],
    ['eth.peers.length', 2],
    ['eth.peers.map((peer) => peer.name).join()', 'a,b'],
    ['eth.getBlock("0x1").number', '0x1'],
    ['const block = await eth.getBlock("0x2"); block.number', '0x2'],
    ['let last; for await (const n of subscribe("eth", "ticks")) { last = n; if (n === 3) break }; last', 3],
    ['rpc("eth_blockNumber")', '0x7'],
    ['eth.blockNumber.catch(() => 1)', '0x7'],
  ])('the result of a script is awaited: %s', async (script, value) => {
    expect(await run(script)).toEqual(value)
  })

  test.each([
    ['eth.blockNumber + 1', 'eth.blockNumber has not been fetched yet: write await eth.blockNumber'],
    ['JSON.stringify(eth.nodeInfo)', 'eth.nodeInfo has not been fetched yet: write await eth.nodeInfo'],
    ['eth.getBloc', 'eth has no getBloc (did you mean getBlock?)'],
    ['eth.blokNumber', 'eth has no blokNumber (did you mean blockNumber?)'],
    ['eth.nope', 'eth has no nope'],
    ['let open = (', 'Unexpected end of input'],
    ['throw new Error("x")', 'x'],
  ])('a script fails with one message: %s', async (script, message) => {
    await expect(run(script)).rejects.toMatchObject({ message })
  })

  test('an abort ends a script and its subscriptions', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const running = run('for await (const n of subscribe("eth", "ticks"));', abort.signal)
    abort.abort(reason)
    await expect(running).rejects.toBe(reason)
  })
})

describe('the interactive console', () => {
  async function attach(
    api: object,
    act: (io: { input: PassThrough; said: Said; abort: AbortController }) => Promise<void>,
  ) {
    await using server = new RpcServer().register('eth', api)
    await using client = await RpcClient.inProcess(server)
    const input = new PassThrough()
    const output = new PassThrough({ encoding: 'utf8' })
    let text = ''
    output.on('data', (chunk) => {
      text += chunk
    })
    const said: Said = async (what) => {
      while (!text.includes(what)) await once(output, 'data')
      const before = text
      text = ''
      return before
    }
    const abort = new AbortController()
    const node = await NodeConsole.open(client)
    const over = node.interact({ input, output, colors: false, history: undefined, signal: abort.signal })
    await act({ input, said, abort })
    input.write('\x04')
    await over
  }
  type Said = (what: string) => Promise<string>

  test('the console completes names, and does not call the node while a line is typed', async () => {
    let calls = 0
    const api = { blockNumber: () => `0x${++calls}` }
    await attach(api, async ({ input, said }) => {
      for (const key of 'eth.blockNumber.le') input.write(key)
      input.write('\x15') // Ctrl-U: clears the line
      input.write('eth.bl\t')
      await said('eth.blockNumber')
      input.write('\r')
      await said('0x1')
    })
    expect(calls).toBe(1)
  })

  test('Ctrl-C interrupts the running script, and the console continues', async () => {
    await attach({ blockNumber: () => '0x7' }, async ({ input, said }) => {
      for (const endless of ['new Promise(() => {})', 'await new Promise(() => {})']) {
        input.write(`console.log("be" + "gun"); ${endless}\r`)
        await said('begun')
        input.write('\x03')
        await said('interrupted')
        input.write('eth.blockNumber\r')
        await said('0x7')
      }
    })
  })

  test('pasted lines are evaluated one after the other, and Ctrl-C works afterwards', async () => {
    await attach({ one: () => 'first', two: () => 'second' }, async ({ input, said }) => {
      input.write('eth.one\reth.two\r')
      await said('second')
      input.write('\x03')
      await said('To exit, press Ctrl+C again')
    })
  })

  test('the console ends with its signal while a script waits', async () => {
    await attach({ one: () => 1 }, async ({ input, said, abort }) => {
      input.write('console.log("wai" + "ting"); await new Promise(() => {})\r')
      await said('waiting')
      abort.abort()
    })
  })

  test('the console prints responses without control characters', async () => {
    await attach({ text: () => '\u001b]0;owned\u0007' }, async ({ input, said }) => {
      input.write('console.log("<" + await eth.text() + ">")\r')
      expect(await said('owned\\u0007>')).not.toContain('\u001b]0;owned')
    })
  })
})

test('methods of a node may have the names of function properties', async () => {
  await using server = new RpcServer().register('rpc', { name: () => 'n', length: () => 'l' })
  await using client = await RpcClient.inProcess(server)
  expect(await (await NodeConsole.open(client)).run('rpc.name()', () => {})).toBe('n')
})
