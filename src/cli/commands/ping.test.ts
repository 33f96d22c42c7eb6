import { expect, test } from 'vitest'
import { runProgram } from '../../../test/support/program.ts'
import { defineProtocol, formatEnode, message, NodeKey, rlp, Server } from '../../devp2p/index.ts'

const talk = defineProtocol({
  name: 'talk',
  version: 1,
  messages: { say: message(0, rlp.text) },
  async run(_, channel) {
    for await (const _message of channel);
  },
})

const listen = (maxPeers: number): Promise<Server> =>
  Server.listen({
    key: NodeKey.generate(),
    protocols: [talk],
    listen: '127.0.0.1:0',
    name: 'pinged\u001b[2J',
    maxPeers,
  })

test('ping prints the name, protocols and latencies of a node, without control characters', async () => {
  await using server = await listen(5)
  const { code, stdout, stderr } = await runProgram(['ping', server.enode])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^client +pinged\\u001b\[2J\n\w+ +talk\/1 [^\n]*\nhandshake +[\d.]+ ms\n/)
})

test('ping prints latencies in milliseconds with --json', async () => {
  await using server = await listen(5)
  const { stdout } = await runProgram(['ping', server.enode, '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    type: 'result',
    enode: server.enode,
    capabilities: ['talk/1'],
    handshakeLatency: expect.any(Number),
  })
})

test('a node with another key than that of the URL is a failure of one line', async () => {
  await using server = await listen(5)
  const port = Number(new URL(server.enode.replace('enode:', 'http:')).port)
  const { publicKey } = NodeKey.generate()
  const url = formatEnode({ publicKey, host: '127.0.0.1', tcpPort: port, udpPort: 0 })
  const { code, stdout, stderr } = await runProgram(['ping', url])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^error: [^\n]+\n$/)
})

test.each(['0', '3601', '1.5', 'x', '-1'])(
  'a timeout of %s is refused with its option and its bounds',
  async (timeout) => {
    const { publicKey } = NodeKey.generate()
    const url = formatEnode({ publicKey, host: '127.0.0.1', tcpPort: 1, udpPort: 0 })
    const { code, stderr } = await runProgram(['ping', url, `--timeout=${timeout}`])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: --timeout: [^\n]*from 1 to 3600\)\n$/)
  },
)
