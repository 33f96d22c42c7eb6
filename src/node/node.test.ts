import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../base/errors.ts'
import { DisconnectReason, defineProtocol, message, rlp } from '../devp2p/index.ts'
import { type Enr, NodeKey } from '../identity/index.ts'
import { MemoryNetwork } from '../net/index.ts'
import { RpcClient } from '../rpc/index.ts'
import { LogLevels } from './log/levels.ts'
import { Node } from './node.ts'
import type { NodeOptions } from './options.ts'
import { defineService, type Service } from './service.ts'

const root = mkdtempSync(join(tmpdir(), 'peerloom-n-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const folder = (): string => join(root, String(folders++))

const network = new MemoryNetwork()
let hosts = 1
const start = (options: NodeOptions = {}): Promise<Node> =>
  Node.start({ ...options, p2p: { network, listen: `10.1.0.${hosts++}:30303`, ...options.p2p } })

/** A service that records its steps. */
function witness(name: string, log: string[], failure?: unknown): Service {
  return defineService({
    name,
    start() {
      log.push(`start ${name}`)
      if (failure) throw failure
      return {
        async run({ signal }) {
          log.push(`run ${name}`)
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          log.push(`ran ${name}`)
        },
        async [Symbol.asyncDispose]() {
          log.push(`dispose ${name}`)
        },
      }
    },
  })
}

describe('services', () => {
  test('services start in order, run, and are disposed in reverse', async () => {
    const log: string[] = []
    const node = await start({ services: [witness('a', log), witness('b', log)] })
    await node.close()
    expect(log).toEqual(['start a', 'start b', 'run a', 'run b', 'ran a', 'ran b', 'dispose b', 'dispose a'])
    expect(await node.closed).toBeUndefined()
  })

  test('a service that fails to start is named, and those started before it are disposed', async () => {
    const log: string[] = []
    const dataDir = folder()
    const services = [witness('a', log), witness('b', log, new ConfigError('depth', 'is too deep'))]
    await expect(start({ dataDir, services })).rejects.toMatchObject({
      name: 'ServiceError',
      service: 'b',
      message: 'service b: depth: is too deep',
      cause: { field: 'depth' },
    })
    expect(log).toEqual(['start a', 'start b', 'dispose a'])
    await using again = await start({ dataDir }) // the folder is not locked
    expect(again.dataDir).toBe(dataDir)
  })

  test('a service may be an instance of a class, and an authenticated endpoint without a secret is refused', async () => {
    class Clock implements Service {
      readonly name = 'clock'
      readonly #ticks = 7
      start() {
        return { rpc: { clock: { ticks: () => this.#ticks } } }
      }
    }
    await using node = await start({ services: [new Clock()] })
    expect(await node.rpc.call('clock_ticks')).toBe(7)
    await expect(start({ authrpc: { port: 0 } })).rejects.toMatchObject({ field: 'authrpc.jwtSecret' })
  })

  test('services that run already are stopped when a later step of the start fails', async () => {
    const log: string[] = []
    await using taken = await start({ http: { port: 0 } })
    const port = Number(new URL(taken.endpoints.url('http') as string).port)
    const failed = start({ services: [witness('a', log)], http: { port } })
    await expect(failed).rejects.toMatchObject({ field: 'http.port' })
    expect(log).toEqual(['start a', 'run a', 'ran a', 'dispose a'])
  })

  test('a service whose run fails ends the node with its name', async () => {
    const failing = defineService({ name: 'weak', start: () => ({ run: () => Promise.reject(new Error('gave up')) }) })
    const log: string[] = []
    let node: Node | undefined
    const reason = await start({ services: [witness('a', log), failing] }).then(
      (started) => {
        node = started
        return started.closed
      },
      (error: unknown) => error,
    )
    expect(reason).toMatchObject({ name: 'ServiceError', service: 'weak', message: 'service weak: gave up' })
    expect(log.at(-1)).toBe('dispose a')
    await node?.close()
  })

  test('protocols and namespaces of services are the node’s', async () => {
    const chat = defineService({
      name: 'chat',
      start() {
        const said: string[] = []
        return {
          protocols: [
            defineProtocol({
              name: 'chat',
              version: 1,
              messages: { say: message(0, rlp.text, { maxBytes: 1024 }) },
              async run(_, channel) {
                await channel.send('say', 'hello')
                for await (const { body } of channel) said.push(body)
              },
            }),
          ],
          rpc: { chat: { history: () => said } },
        }
      },
    })
    await using a = await start({ services: [chat] })
    await using b = await start({ services: [chat] })
    await a.server.dial(b.enode)
    while (((await a.rpc.call('chat_history')) as string[]).length === 0)
      await new Promise((done) => setImmediate(done))
    expect(await a.rpc.call('chat_history')).toEqual(['hello'])
    expect(await a.rpc.call('rpc_modules')).toMatchObject({ admin: '1.0', chat: '1.0', net: '1.0', web3: '1.0' })
  })

  test('values stored by a service are there after a restart', async () => {
    const dataDir = folder()
    const counter = defineService({
      name: 'counter',
      async start({ openStore }) {
        const store = await openStore('counter')
        const key = new Uint8Array([1])
        const value = store.get(key)?.[0] ?? 0
        await store.write([{ type: 'put', key, value: new Uint8Array([value + 1]) }])
        return { rpc: { counter: { value: () => value } } }
      },
    })
    for (const wanted of [0, 1]) {
      await using node = await start({ dataDir, services: [counter] })
      expect(await node.rpc.call('counter_value')).toBe(wanted)
    }
  })
})

describe('a node without a devp2p server', () => {
  test('a node without a devp2p server runs its services and its RPC, and has no peers', async () => {
    const bare = defineService({ name: 'bare', start: () => ({ rpc: { bare: { answer: () => 42 } } }) })
    await using node = await Node.start({ p2p: false, services: [bare] })
    expect(await node.rpc.call('bare_answer')).toBe(42)
    expect(await node.rpc.call('admin_datadir')).toBe('')
    await expect(node.rpc.call('admin_peers')).rejects.toMatchObject({ errorCode: -32_601 })
    expect(() => node.server).toThrow('the node has no devp2p server')
  })

  test('a node without a devp2p server refuses a service with protocols', async () => {
    const log: string[] = []
    const failed = Node.start({ p2p: false, services: [witness('a', log), talker] })
    await expect(failed).rejects.toMatchObject({ field: 'p2p', message: expect.stringContaining('talker') })
    expect(log).toEqual(['start a', 'dispose a'])
  })
})

describe('the data folder', () => {
  test('a data folder keeps the key, and is locked by one process at a time', async () => {
    const dataDir = folder()
    const first = await start({ dataDir })
    const { id } = first.server.nodeInfo()
    await expect(start({ dataDir })).rejects.toMatchObject({
      code: 'ERR_STORAGE_LOCKED',
      message: `${dataDir} is in use by another process`,
    })
    await first.close()
    await using again = await start({ dataDir })
    expect(again.server.nodeInfo().id).toBe(id)
    expect(statSync(join(dataDir, 'peerloom', 'nodekey')).mode & 0o777).toBe(0o600)
  })

  test('lists of nodes are read from the data folder, and an invalid one is refused with its path', async () => {
    const dataDir = folder()
    await (await start({ dataDir })).close()
    await using friend = await start({ services: [talker] })
    const list = join(dataDir, 'peerloom', 'static-nodes.json')
    writeFileSync(list, JSON.stringify([friend.enode]))
    const node = await start({ dataDir, services: [talker] })
    while (node.server.peers.size === 0) await new Promise((done) => setImmediate(done))
    expect(node.server.peerInfos()[0]?.network.static).toBe(true)
    await node.close()
    writeFileSync(list, '{}')
    await expect(start({ dataDir })).rejects.toMatchObject({
      field: 'p2p.staticNodes',
      message: expect.stringContaining('static-nodes.json'),
    })
  })

  test('a data folder has an IPC socket and the secret of the authenticated endpoint', async () => {
    const dataDir = folder()
    await using node = await start({ dataDir, authrpc: { port: 0, modules: ['net'] } })
    const [ipc = '', http = '', ws = ''] = node.endpoints.urls
    expect(ipc).toBe(join(dataDir, 'peerloom.ipc'))
    await using client = await RpcClient.dial(ipc)
    expect(await client.call('admin_datadir')).toBe(dataDir)
    const jwtSecret = Buffer.from(readFileSync(join(dataDir, 'peerloom', 'jwtsecret'), 'utf8').slice(2), 'hex')
    for (const url of [http, ws]) {
      await using trusted = await RpcClient.dial(url, { jwtSecret })
      expect(await trusted.call('net_listening')).toBe(true)
    }
    await expect(RpcClient.dial(ws)).rejects.toMatchObject({ status: 401 })
  })
})

describe('files of the server in a data folder', () => {
  test('the record of a node keeps its sequence over a restart, and grows when its entries change', async () => {
    const dataDir = folder()
    const p2p = { listen: '10.9.0.1:30303' }
    const record = async (options: NodeOptions): Promise<Enr> => {
      await using node = await start({ dataDir, ...options })
      return node.server.record
    }
    const first = await record({ p2p })
    expect((await record({ p2p })).toString()).toBe(first.toString())
    expect((await record({ p2p: { listen: '10.9.0.1:30304' } })).sequence).toBe(first.sequence + 1n)
  })

  test.each(['bans.json', 'node.json'])('a damaged %s is set aside, and the node starts', async (name) => {
    const dataDir = folder()
    mkdirSync(join(dataDir, 'peerloom'), { recursive: true })
    writeFileSync(join(dataDir, 'peerloom', name), '{"record":"enr:AAAA","version":1')
    await (await start({ dataDir })).close()
    expect(readFileSync(join(dataDir, 'peerloom', `${name}.damaged`), 'utf8')).toContain('enr:AAAA')
  })
})

describe('a data folder with a pipe in place of a file', () => {
  test.each(['nodekey', 'static-nodes.json', 'trusted-nodes.json', 'jwtsecret'])(
    'a pipe in place of %s is refused',
    async (name) => {
      const dataDir = folder()
      mkdirSync(join(dataDir, 'peerloom'), { recursive: true })
      execFileSync('mkfifo', [join(dataDir, 'peerloom', name)])
      await expect(start({ dataDir, authrpc: { port: 0 } })).rejects.toThrow(`${name} is not a regular file`)
    },
  )
})

describe('the node’s own namespaces', () => {
  test('admin adds, lists and removes peers, and notifies of them', async () => {
    await using a = await start({ services: [talker] })
    await using b = await start({ services: [talker] })
    const events = a.rpc.subscribe<{ type: string; peer: string }>('admin', ['peerEvents'])
    await events.ready()
    expect(await a.rpc.call('admin_addPeer', [b.enode])).toBe(true)
    const { id } = b.server.nodeInfo()
    expect((await events.next()).value).toMatchObject({ type: 'add', peer: id })
    expect(await a.rpc.call('net_peerCount')).toBe('0x1')
    const [peer] = await a.rpc.call<{ id: string; network: object }[]>('admin_peers')
    expect(peer).toMatchObject({ id, enode: b.enode, caps: ['talk/1'], network: { static: true, inbound: false } })
    expect(await a.rpc.call('admin_addTrustedPeer', [b.enode])).toBe(true)
    expect(await a.rpc.call('admin_peers')).toMatchObject([{ network: { trusted: true } }])
    expect(await a.rpc.call('admin_removeTrustedPeer', [b.enode])).toBe(true)
    expect(await a.rpc.call('admin_removePeer', [b.enode])).toBe(true)
    for await (const event of events) if (event.type === 'drop') break
    expect(await a.rpc.call('admin_peers')).toEqual([])
    expect(await a.rpc.call('admin_nodeInfo')).toMatchObject({ enode: a.enode, protocols: { talk: 'unknown' } })
  })

  test('peer events have the fields of go-ethereum, the addresses of both ends with messages, too', async () => {
    await using a = await start({ services: [talker] })
    await using b = await start({ services: [talker] })
    const events = a.rpc.subscribe<{ type: string }>('admin', ['peerEvents'])
    await events.ready()
    const { id, peer, local, remote } = await a.server.dial(b.enode)
    await peer.channel(peer.protocols[0]!)?.write(0, rlp.text.encode('hi'))
    b.server.peers.values().next().value?.disconnect(DisconnectReason.TooManyPeers)
    const seen: object[] = []
    for await (const event of events) if (seen.push(event) === 3) break
    const ends = { local: `${local.ip}:${local.port}`, remote: `${remote.ip}:${remote.port}` }
    expect(seen).toEqual([
      { type: 'add', peer: id, ...ends },
      { type: 'msgsend', peer: id, protocol: 'talk', msg_code: 0, msg_size: 3, ...ends },
      { type: 'drop', peer: id, error: 'too many peers', ...ends },
    ])
  })

  test('admin bans a node, which is disconnected and cannot connect again', async () => {
    await using a = await start({ services: [talker] })
    await using b = await start({ services: [talker] })
    const events = a.server.events()
    await b.server.dial(a.enode)
    const [caller] = a.server.peers.values()
    const elsewhere = b.enode.replace(/@.*:/, '@192.0.2.1:')
    expect(await a.rpc.call('admin_banPeer', [elsewhere, 60])).toEqual(['192.0.2.1', caller?.remote.ip])
    for await (const { type } of events) if (type === 'drop') break
    await expect(b.server.dial(a.enode)).rejects.toThrow()
    expect(a.server.peers.size).toBe(0)
    await a.rpc.call('admin_addPeer', [elsewhere]) // lifts the ban of all addresses
    await b.server.dial(a.enode)
    expect(a.server.peers.size).toBe(1)
  })

  test('admin shows and lifts bans, which are kept over a restart', async () => {
    const dataDir = folder()
    await using other = await start({ services: [talker] })
    const node = await start({ dataDir, services: [talker] })
    await other.server.dial(node.enode)
    await node.rpc.call('admin_banPeer', [other.enode, 600])
    const [ban] = await node.rpc.call<{ readonly ip: string; readonly until: number }[]>('admin_bannedPeers')
    expect(ban).toMatchObject({ until: expect.any(Number), reason: 'banned by the operator', score: 0 })
    await node.close()
    await using again = await start({ dataDir, services: [talker] })
    expect(await again.rpc.call('admin_bannedPeers')).toContainEqual(
      expect.objectContaining({ ip: ban?.ip, reason: 'banned by the operator' }),
    )
    await expect(other.server.dial(again.enode)).rejects.toThrow()
    expect(await again.rpc.call('admin_unbanPeer', [other.enode])).toBe(true)
    expect(await again.rpc.call('admin_unbanPeer', [other.enode])).toBe(false)
    await other.server.dial(again.enode)
    await again.rpc.call('admin_banPeer', [other.enode])
    await again.rpc.call('admin_addTrustedPeer', [other.enode])
    expect(await again.rpc.call('admin_bannedPeers')).toEqual([])
  })

  test('admin refuses an invalid enode URL', async () => {
    await using node = await start()
    await expect(node.rpc.call('admin_addPeer', ['http://x'])).rejects.toThrow('not an enode URL')
    await expect(node.rpc.call('admin_addPeer', [])).rejects.toMatchObject({
      message: 'missing value for required argument 0',
    })
  })

  test('admin opens and closes endpoints', async () => {
    await using node = await start()
    expect(await node.rpc.call('admin_startHTTP', ['127.0.0.1', 0, '*', 'net,web3'])).toBe(true)
    const url = node.endpoints.url('http') as string
    await using client = await RpcClient.dial(url)
    expect(await client.modules()).toEqual({ net: '1.0', rpc: '1.0', web3: '1.0' })
    await expect(node.rpc.call('admin_startHTTP', [])).rejects.toThrow(`HTTP server already running on ${url}`)
    const twice = [node.rpc.call('admin_startWS', ['127.0.0.1', 0]), node.rpc.call('admin_startWS', ['127.0.0.1', 0])]
    expect((await Promise.allSettled(twice)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(await node.rpc.call('admin_stopWS')).toBe(true)
    expect(node.endpoints.urls).toEqual([url])
    expect(await node.rpc.call('admin_stopHTTP')).toBe(true)
    await expect(client.modules()).rejects.toMatchObject({ name: 'RpcConnectionError' })
    expect(await node.rpc.call('admin_startWS', ['127.0.0.1', 0])).toBe(true)
    await using ws = await RpcClient.dial(node.endpoints.url('ws') as string)
    expect(await ws.call('web3_sha3', ['0x'])).toBe(
      '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
  })

  test('debug changes levels and writes profiles', async () => {
    const dataDir = folder()
    const levels = new LogLevels({ verbosity: 'info' })
    await using node = await start({ dataDir, levels })
    await node.rpc.call('debug_verbosity', [4])
    await node.rpc.call('debug_vmodule', ['sync=5'])
    expect([levels.levelOf('peer'), levels.levelOf('sync')]).toEqual(['debug', 'trace'])
    await expect(node.rpc.call('debug_verbosity', [9])).rejects.toMatchObject({ errorCode: -32_602 })
    await expect(node.rpc.call('debug_vmodule', ['x'])).rejects.toMatchObject({ errorCode: -32_602 })
    await node.rpc.call('debug_startCPUProfile', ['cpu.cpuprofile'])
    await expect(node.rpc.call('debug_startCPUProfile', ['x'])).rejects.toThrow('already in progress')
    await node.rpc.call('debug_stopCPUProfile')
    expect(JSON.parse(readFileSync(join(dataDir, 'cpu.cpuprofile'), 'utf8'))).toHaveProperty('nodes')
    expect(await node.rpc.call('debug_memStats')).toHaveProperty('heapUsed')
  })
})

const talker = defineService({
  name: 'talker',
  start: () => ({
    protocols: [
      defineProtocol({
        name: 'talk',
        version: 1,
        messages: { say: message(0, rlp.text) },
        async run(_, channel) {
          for await (const _message of channel);
        },
      }),
    ],
  }),
})

test('a node closes when its signal aborts', async () => {
  const controller = new AbortController()
  const node = await start({ signal: controller.signal, key: NodeKey.generate() })
  controller.abort(new Error('enough'))
  expect(await node.closed).toMatchObject({ message: 'enough' })
})

test('limits of batches that are no counts are refused with their options', async () => {
  for (const value of [-1, 1.5, Number.NaN]) {
    await expect(start({ rpc: { batchLimit: value } })).rejects.toMatchObject({ field: 'rpc.batchLimit' })
    await expect(start({ rpc: { batchResponseBytes: value } })).rejects.toMatchObject({
      field: 'rpc.batchResponseBytes',
    })
  }
})
