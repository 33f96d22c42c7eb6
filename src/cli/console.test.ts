import { describe, expect, test } from 'vitest'
import { RpcClient, RpcError, RpcServer } from '../rpc/index.ts'
import { NodeConsole } from './console.ts'

/** What no terminal may be sent: it would move the cursor, or worse. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
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

describe('what a node says', () => {
  test('reaches the terminal without control characters', async () => {
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

  test('of itself may be nonsense: then whatever is named is asked for', async () => {
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
