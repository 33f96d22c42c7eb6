/**
 * Tests of how long a program lives: as long as something of ours is open or awaited, and no longer. Each program is a
 * process of its own, for in one process each part would be kept alive by the others.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Built, buildCli, CliProcess } from './cli-process.ts'
import { deadEnode } from './demo.ts'

/** Only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let built: Built
let folder: string

beforeAll(async () => {
  built = await buildCli()
  folder = mkdtempSync(join(tmpdir(), 'peerloom-lifetime-'))
})

afterAll(() => {
  built?.[Symbol.dispose]()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** Starts a program. `left()` in it names what keeps the process alive now, besides what did at the start. */
const start = (text: string): CliProcess => CliProcess.ofModule(`${IMPORTS}${text}`, { cwd: built.folder })

const IMPORTS = `
import { createServer } from 'node:net'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from 'peerloom'
import { defineProtocol, greet, message, NodeKey, ping, rlp, Server } from 'peerloom/devp2p'
import { defineService, Node } from 'peerloom/node'
import { RpcClient, RpcServer } from 'peerloom/rpc'
import { MemoryNetwork, peerPair, scriptedProtocol } from 'peerloom/testing'
const terminated = new Promise((resolve) => process.once('SIGTERM', resolve))
const failed = (work) => work.then(() => console.log('did not fail'), (error) => console.log(error.code ?? error.name))
console.log('begun')
const before = process.getActiveResourcesInfo()
function others() {
  const now = process.getActiveResourcesInfo()
  for (const name of before) now.splice(now.indexOf(name), now.includes(name) ? 1 : 0)
  return now.filter((name) => name !== 'Immediate').join() // a few turns that look for bytes
}
async function left() {
  for (let turn = 0; turn < 1_000 && others(); turn++) await setImmediate() // a socket closes some turns later, no timer ends
  return others() || 'nothing'
}
`

/** Server of a subscription that sends one value, its own name, and stays. */
const heads = (url: string, name: string): string => `
const api = { async *newHeads(signal) {
  yield '${name}'
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
} }
const endpoint = await new RpcServer().register('eth', api).listen(${JSON.stringify(url)})
console.log('serving at ' + endpoint.url)
`

/** Client of it, which prints the values, and what happens to its connection; it closes on SIGTERM. */
const reader = (url: string, options: string): string => `
const client = await RpcClient.dial(${JSON.stringify(url)}, { random: () => 0, ...${options} })
terminated.then(() => client.close())
const watching = (async () => { for await (const { type } of client.events()) console.log(type) })()
for await (const head of client.subscribe('eth', ['newHeads'], { resubscribe: true })) console.log('head of ' + head)
console.log('the loop ended')
`

async function servingAt(server: CliProcess): Promise<string> {
  return (await server.seen(/serving at (\S+)/))[1] as string
}

describe('a client in a process of its own', () => {
  test.each(['ws', 'ipc'])(
    'a client over %s outlives its server, goes on with the next one, and ends with 0 once it is closed',
    async (transport) => {
      const address = transport === 'ws' ? 'ws://127.0.0.1:0' : join(folder, 'outlived.ipc')
      await using first = start(heads(address, 'the first'))
      const url = await servingAt(first)
      await using client = start(reader(url, '{}'))
      await client.seen(/head of the first/)
      first.kill('SIGKILL')
      await client.seen(/disconnected/)
      await first.done
      await using second = start(heads(url, 'the second'))
      await client.seen(/head of the second/)
      client.kill('SIGTERM')
      expect(await client.done).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('the loop ended'),
        stderr: '',
      })
      await servingAt(second)
    },
  )

  test('a client that waits for its server in vain ends with 0 once it is closed', async () => {
    await using server = start(heads('ws://127.0.0.1:0', 'the only one'))
    await using client = start(reader(await servingAt(server), '{}'))
    await client.seen(/head of the only one/)
    server.kill('SIGKILL')
    await client.seen(/disconnected/)
    client.kill('SIGTERM')
    expect(await client.done).toMatchObject({ code: 0, stdout: expect.stringContaining('the loop ended'), stderr: '' })
  })

  test('a client that does not reconnect ends with the error of its subscription when its server is gone', async () => {
    await using server = start(heads('ws://127.0.0.1:0', 'the only one'))
    await using client = start(reader(await servingAt(server), '{ reconnect: false }'))
    await client.seen(/head of the only one/)
    server.kill('SIGKILL')
    expect(await client.done).toMatchObject({ code: 1, stderr: expect.stringContaining('RpcConnectionError') })
  })

  test('a client that is closed while its server does not react ends with 0 nevertheless', async () => {
    await using server = start(heads('ws://127.0.0.1:0', 'the only one'))
    await using client = start(reader(await servingAt(server), '{}'))
    await client.seen(/head of the only one/)
    server.kill('SIGSTOP')
    client.kill('SIGTERM')
    expect(await client.done).toMatchObject({ code: 0, stdout: expect.stringContaining('the loop ended') })
  })

  test('a client over HTTP waits for its call, and keeps the process alive no longer, closed or not', async () => {
    await using server = start(`
      const slow = () => systemClock.sleep(100).then(() => 'the answer')
      const { url } = await new RpcServer().register('test', { slow }).listen('http://127.0.0.1:0')
      console.log('serving at ' + url)
    `)
    const url = JSON.stringify(await servingAt(server))
    await using client = start(`
      const client = await RpcClient.dial(${url})
      console.log(await client.call('test_slow'))
      console.log('left: ' + await left())
    `)
    expect(await client.done).toMatchObject({ code: 0, stdout: 'begun\nthe answer\nleft: nothing\n', stderr: '' })
  })
})

describe('a program of which nothing but a redial is left', () => {
  test('a server without a listener whose static node is down stays until it is closed, then the process ends with 0', async () => {
    await using program = start(`
      const server = await Server.listen({ key: NodeKey.generate(), protocols: [], staticNodes: ['${await deadEnode()}'] })
      let dials = 0
      for await (const { type } of server.events()) if (type === 'dial' && ++dials === 2) break
      console.log('dialed twice')
      await terminated
      await server.close()
      console.log('left: ' + await left())
    `)
    await program.seen(/dialed twice/)
    program.kill('SIGTERM')
    expect(await program.done).toEqual({ code: 0, stdout: 'begun\ndialed twice\nleft: nothing\n', stderr: '' })
  })

  test('a node without a listener whose static node is down stays until it is closed, then the process ends with 0', async () => {
    await using program = start(`
      const node = await Node.start({ p2p: { staticNodes: ['${await deadEnode()}'] } })
      let dials = 0
      for await (const { type } of node.server.events()) if (type === 'dial' && ++dials === 2) break
      console.log('dialed twice')
      terminated.then(() => node.close())
      console.log('closed with ' + await node.closed)
      console.log('left: ' + await left())
    `)
    await program.seen(/dialed twice/)
    program.kill('SIGTERM')
    const stdout = 'begun\ndialed twice\nclosed with undefined\nleft: nothing\n'
    expect(await program.done).toEqual({ code: 0, stdout, stderr: '' })
  })

  test('a node without peers, folder and endpoints stays until it is closed, then the process ends with 0', async () => {
    await using program = start(`
      const node = await Node.start({ p2p: false })
      void terminated.then(() => node.close())
      setTimeout(() => console.log('still there'), 50).unref()
    `)
    await program.seen(/still there/)
    program.kill('SIGTERM')
    expect(await program.done).toEqual({ code: 0, stdout: 'begun\nstill there\n', stderr: '' })
  })
})

describe('a program that awaits something of ours', () => {
  test('sleeps, dials, requests and calls without a socket are awaited to their end', async () => {
    await using program = start(`
      await systemClock.sleep(20)
      const network = new MemoryNetwork({ latency: 5 })
      const silent = await network.listen({ port: 0, onConnection: (stream) => stream.open({ data() {}, drain() {}, end() {} }) })
      const url = 'enode://' + Buffer.from(NodeKey.generate().publicKey).toString('hex') + '@127.0.0.1:' + silent.endpoint.port
      await failed(greet(url, { network, timeout: 50 }))
      await failed(ping(url, { network, timeout: 50 }))
      network.isolate('127.0.0.1')
      await failed(network.connect({ host: '127.0.0.1', port: silent.endpoint.port }, { timeout: 50 }))
      const asking = defineProtocol({
        name: 'asking', version: 1, messages: { ask: message(0, rlp.uint), answer: message(1, rlp.uint) },
        async run(peer, channel) {
          await failed(channel.request('ask', 1n, { reply: 'answer', timeout: 50 }))
          await failed(channel.expect('answer', { timeout: 50 }))
        },
      })
      const pair = peerPair(asking, scriptedProtocol(asking))
      console.log((await pair.a.closed).side)
      const server = new RpcServer().register('test', { never: () => new Promise(() => {}) })
      const client = await RpcClient.inProcess(server)
      await failed(client.call('test_never', [], { timeout: 50 }))
      await client.close()
      console.log('left: ' + await left())
    `)
    const { code, stdout, stderr } = await program.done
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const timeouts = ['ERR_CONNECT', 'ERR_TIMEOUT']
    expect(stdout.split('\n').slice(1, -1)).toEqual([
      expect.stringMatching(/^ERR_/),
      expect.stringMatching(/^ERR_/),
      timeouts[0],
      timeouts[1],
      timeouts[1],
      'local',
      timeouts[1],
      'left: nothing',
    ])
  })
})

describe('a program that has closed everything', () => {
  test('a process ends by itself with 0 after servers with peers, nodes, clients and endpoints have been closed', async () => {
    await using program = start(`
      const ready = () => ({ name: 'x', version: 1, messages: {}, async run(peer) {
        await new Promise((resolve) => peer.signal.addEventListener('abort', resolve))
      } })
      const listen = '127.0.0.1:0'
      const a = await Server.listen({ key: NodeKey.generate(), protocols: [defineProtocol(ready())], listen })
      const b = await Server.listen({ key: NodeKey.generate(), protocols: [defineProtocol(ready())], staticNodes: [a.enode] })
      for await (const { type } of b.events()) if (type === 'add') break
      const node = await Node.start({ dataDir: ${JSON.stringify(join(folder, 'closed'))}, p2p: { listen }, http: { port: 0 }, ws: { port: 0 } })
      const rpc = new RpcServer().register('test', { one: () => 1, async *ones() { for (;;) { yield 1; await setImmediate() } } })
      const { url } = await rpc.listen('ws://127.0.0.1:0')
      const client = await RpcClient.dial(url)
      const over = await RpcClient.dial(node.endpoints.url('http'))
      const inside = await RpcClient.inProcess(rpc)
      await Promise.all([client.call('test_one'), inside.call('test_one'), over.call('web3_clientVersion'), node.rpc.call('web3_clientVersion')])
      const subscription = client.subscribe('test', ['ones'], { resubscribe: true })
      await subscription.next()
      for (const each of [client, over, inside, rpc, node, b, a]) await each.close()
      console.log('left: ' + await left())
    `)
    expect(await program.done).toEqual({ code: 0, stdout: 'begun\nleft: nothing\n', stderr: '' })
  })

  test('a process ends by itself with 0 after dials, calls and starts have failed', async () => {
    await using program = start(`
      const dead = '${await deadEnode()}'
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const { port } = taken.address()
      const server = await Server.listen({ key: NodeKey.generate(), protocols: [] })
      await failed(server.dial(dead))
      await server.close()
      await failed(greet(dead))
      await failed(ping(dead))
      await failed(Server.listen({ key: NodeKey.generate(), protocols: [], listen: '127.0.0.1:' + port, staticNodes: [dead] }))
      await failed(Node.start({ p2p: { listen: '127.0.0.1:' + port } }))
      await failed(Node.start({ p2p: { staticNodes: [dead] }, http: { port } }))
      await failed(Node.start({ services: [defineService({ name: 'x', start() { throw new Error() } })] }))
      await failed(new RpcServer().listen('http://127.0.0.1:' + port))
      await failed(RpcClient.dial(${JSON.stringify(join(folder, 'nowhere.ipc'))}))
      await failed(Node.start({ dataDir: process.execPath }))
      taken.close()
      const http = await new RpcServer().listen('http://127.0.0.1:0')
      await failed(RpcClient.dial(http.url.replace('http', 'ws')))
      await http.close()
      await failed(RpcClient.dial('ws://127.0.0.1:' + port))
      const client = await RpcClient.dial('http://127.0.0.1:' + port)
      await failed(client.call('test_one'))
      await failed(client.call('test_one', [], { timeout: 1 }))
      await client.close()
      console.log('left: ' + await left())
    `)
    const { code, stdout, stderr } = await program.done
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).not.toContain('did not fail')
    expect(stdout.trim().split('\n').at(-1)).toBe('left: nothing')
  })

  test('a process ends by itself with 0 after a client has been closed while it connects', async () => {
    await using silent = start(`
      const server = createServer(() => {}).listen(0, '127.0.0.1')
      await once(server, 'listening')
      console.log('serving at 127.0.0.1:' + server.address().port)
    `)
    const address = await servingAt(silent)
    await using program = start(`
      const client = await RpcClient.dial('https://${address}') // connecting, as long as TLS is not answered
      await failed(client.call('test_one', [], { timeout: 50 }))
      await client.close()
      await failed(RpcClient.dial('wss://${address}', { connectTimeout: 50 }))
      console.log('left: ' + await left())
    `)
    const stdout = 'begun\nERR_TIMEOUT\nERR_RPC_CONNECTION\nleft: nothing\n'
    expect(await program.done).toEqual({ code: 0, stdout, stderr: '' })
  })

  test('a process ends by itself with 0 after a server has waited for a call in flight while it closed', async () => {
    await using program = start(`
      let begin
      const begun = new Promise((resolve) => { begin = resolve })
      const quick = () => (begin(), systemClock.sleep(30).then(() => 'answered'))
      const server = new RpcServer().register('test', { quick })
      const client = await RpcClient.inProcess(server)
      const answer = client.call('test_quick')
      await begun
      await server.close()
      console.log(await answer)
      await client.close()
      console.log('left: ' + await left())
    `)
    expect(await program.done).toEqual({ code: 0, stdout: 'begun\nanswered\nleft: nothing\n', stderr: '' })
  })
})
