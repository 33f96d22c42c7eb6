import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, runProgram } from '../../../test/support/program.ts'
import { defineProtocol, message, NodeKey, rlp, Server } from '../../devp2p/index.ts'
import { defineService, Node } from '../../node/index.ts'

const talk = defineProtocol({
  name: 'talk',
  version: 1,
  messages: { say: message(0, rlp.text) },
  async run(_, channel) {
    for await (const _message of channel);
  },
})

let dataDir: string
let node: Node
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'peerloom-p-'))
  const services = [defineService({ name: 'talk', start: () => ({ protocols: [talk] }) })]
  node = await Node.start({ dataDir, p2p: { listen: '127.0.0.1:0' }, services, http: { port: 0, modules: ['admin'] } })
})
afterAll(async () => {
  await node.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const peer = (name: string): Promise<Server> =>
  Server.listen({ key: NodeKey.generate(), protocols: [talk], listen: '127.0.0.1:0', name })

test('--watch prints connected, new and dropped peers, without control characters', async () => {
  await using first = await peer('first\u001b[2J')
  await first.dial(node.enode)
  await using watch = new Program(['peers', '--watch', '--datadir', dataDir])
  await watch.seen(/first\\u001b\[2J\n/)
  {
    await using second = await peer('second\u0007')
    await second.dial(node.enode)
    await watch.seen(/\n\+ [0-9a-f]{16} {2}in .* second\\u0007\n/)
  }
  await watch.seen(/\n- [0-9a-f]{16} .* second\\u0007 {2}\S/)
  watch.signal('SIGINT')
  const { code, stdout } = await watch.ended
  expect(code).toBe(130)
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
})

test('--watch is refused over HTTP, which has no subscriptions', async () => {
  const { code, stderr } = await runProgram(['peers', '--watch', '--url', node.endpoints.url('http') as string])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^error: [^\n]*subscription[^\n]*\n$/)
})

test('an added node is dialed and shown as static, and is disconnected when it is removed', async () => {
  await using other = await peer('other')
  const events = node.server.events()
  expect(await runProgram(['peer', 'add', other.enode, '--datadir', dataDir])).toMatchObject({ code: 0 })
  for await (const { type } of events) if (type === 'add') break
  const { stdout } = await runProgram(['peers', '--datadir', dataDir])
  expect(stdout).toMatch(/ out s +127\.0\.0\.1:\d+ +talk\/1 +other\n/)
  expect(await runProgram(['peer', 'remove', other.enode, '--datadir', dataDir])).toMatchObject({ code: 0 })
  for await (const { type } of node.server.events()) if (type === 'drop') break
  const { stdout: json } = await runProgram(['peers', '--datadir', dataDir, '--json'])
  expect(json).toBe('{"type":"result","peers":[],"banned":[]}\n')
})

test('a banned node is listed with the reason, as text and as JSON, until its ban is lifted', async () => {
  await using other = await peer('other')
  expect(await runProgram(['peer', 'ban', other.enode, '--datadir', dataDir])).toMatchObject({ code: 0 })
  const { stdout } = await runProgram(['peers', '--datadir', dataDir])
  expect(stdout).toMatch(/\nBANNED +UNTIL +SCORE +REASON\n127\.0\.0\.1 .* banned by the operator\n$/)
  const { stdout: json } = await runProgram(['peers', '--datadir', dataDir, '--json'])
  expect(JSON.parse(json)).toMatchObject({ banned: [{ ip: '127.0.0.1', reason: 'banned by the operator' }] })
  expect(await runProgram(['peer', 'unban', other.enode, '--datadir', dataDir])).toMatchObject({ code: 0 })
  expect((await runProgram(['peers', '--datadir', dataDir])).stdout).not.toContain('BANNED')
})

test.each(['add', 'remove', 'trust', 'untrust'])(
  'peer %s refuses an invalid enode URL before it connects to a node',
  async (name) => {
    for (const text of ['http://x', '', 'enode://ab@1.2.3.4:1']) {
      const { code, stderr } = await runProgram(['peer', name, text, '--datadir', join(dataDir, 'none')])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error: enode: [^\n]+\n$/)
    }
  },
)
