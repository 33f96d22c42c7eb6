import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { Ipc } from './ipc.ts'
import { type Exit, Process, runProcess } from './process.ts'

export interface GethOptions {
  /** Path of genesis.json. */
  readonly genesis: string
  /** Path of a file of RLP blocks to import before the node starts. */
  readonly chainFile?: string
  /** Folder to keep the chain in; it stays. @default a temporary one, removed at the end */
  readonly datadir?: string
  /** @default 'full' */
  readonly syncMode?: 'full' | 'snap'
  /** Enode URLs to hold connections to. There is no discovery. */
  readonly bootnodes?: readonly string[]
  /** Hash of the block to sync to, in place of a consensus client. */
  readonly syncTarget?: string
  /** End the process when the sync target is reached. @default false */
  readonly exitWhenSynced?: boolean
  /** @default 50 */
  readonly maxPeers?: number
  /** TCP port for peers, on loopback. @default 0, any free one */
  readonly port?: number
  /** More command line flags. */
  readonly extra?: readonly string[]
}

export interface GethHead {
  readonly number: number
  readonly hash: string
}

interface Started {
  readonly process: Process
  readonly ipc: Ipc
  readonly ipcPath: string
  readonly enode: string
  readonly engineUrl: string
  readonly jwtSecret: string
  readonly folder: string
}

/** go-ethereum, running on loopback. Disposing it stops it. */
export class Geth implements AsyncDisposable {
  /** Its address, with the port it really has. */
  readonly enode: string
  /** The engine API, for clients with {@link jwtSecret}. */
  readonly engineUrl: string
  /** 64 hex digits. */
  readonly jwtSecret: string
  readonly ipcPath: string
  readonly #process: Process
  readonly #ipc: Ipc
  readonly #folder: string

  private constructor(started: Started) {
    this.enode = started.enode
    this.engineUrl = started.engineUrl
    this.jwtSecret = started.jwtSecret
    this.ipcPath = started.ipcPath
    this.#process = started.process
    this.#ipc = started.ipc
    this.#folder = started.folder
  }

  /** Initialises, imports and runs; resolves when peers and callers can connect. */
  static async start(options: GethOptions): Promise<Geth> {
    const folder = await mkdtemp(join(tmpdir(), 'peerloom-geth-'))
    const datadir = options.datadir ?? join(folder, 'data')
    try {
      await prepare(options, datadir)
      return new Geth(await launch(options, datadir, folder))
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Resolves when the process has ended, for whatever reason. */
  get exited(): Promise<Exit> {
    return this.#process.exited
  }

  /** The last 200 lines of its log. */
  get log(): readonly string[] {
    return this.#process.lines
  }

  rpc<T = unknown>(method: string, params: readonly unknown[] = []): Promise<T> {
    return this.#ipc.call<T>(method, params)
  }

  /** `eth_subscribe`: returns the list of items, which grows. */
  subscribe<T = unknown>(...params: readonly unknown[]): Promise<readonly T[]> {
    return this.#ipc.subscribe<T>(...params)
  }

  async head(): Promise<GethHead> {
    const block = await this.rpc<{ number: string; hash: string }>('eth_getBlockByNumber', ['latest', false])
    return { number: Number(block.number), hash: block.hash }
  }

  /** The first line of its log that matches; rejects with the log when it ends, or after `timeout` ms (60 s). */
  waitForLog(pattern: RegExp, timeout?: number): Promise<RegExpExecArray> {
    return this.#process.waitFor(pattern, timeout)
  }

  /** An error that carries the end of its log. */
  failure(message: string): Error {
    return this.#process.failure(message)
  }

  /** Ends it as a crash would; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#process.kill(signal)
    return this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ipc.close()
    await this.#process[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function prepare(options: GethOptions, datadir: string): Promise<void> {
  const geth = interopBinary('geth')
  if (!existsSync(join(datadir, 'geth', 'chaindata'))) {
    await runProcess(geth, ['--datadir', datadir, 'init', options.genesis])
  }
  if (options.chainFile !== undefined) {
    const network = await networkId(options.genesis)
    await runProcess(geth, ['--datadir', datadir, '--networkid', network, 'import', options.chainFile])
  }
}

async function networkId(genesis: string): Promise<string> {
  const { config } = JSON.parse(await readFile(genesis, 'utf8')) as { config: { chainId: number } }
  return String(config.chainId)
}

async function launch(options: GethOptions, datadir: string, folder: string): Promise<Started> {
  const jwtSecret = randomBytes(32).toString('hex')
  const paths = { ipc: join(folder, 'geth.ipc'), jwt: join(folder, 'jwt'), config: join(folder, 'config.toml') }
  await writeFile(paths.jwt, jwtSecret)
  await writeFile(paths.config, config(options))
  const process = new Process(interopBinary('geth'), await flags(options, datadir, paths))
  try {
    const [, engine] = await Promise.all([
      process.waitFor(/msg="IPC endpoint opened"/),
      process.waitFor(/msg="HTTP server started" endpoint=(\S+) auth=true/),
      process.waitFor(/msg="Started P2P networking"/),
    ])
    const ipc = await Ipc.open(paths.ipc)
    const { enode } = await ipc.call<{ enode: string }>('admin_nodeInfo')
    return { process, ipc, ipcPath: paths.ipc, enode, engineUrl: `http://${engine[1]}`, jwtSecret, folder }
  } catch (error) {
    await process[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * `--port` would listen on every interface; only the file can name an address. Static nodes are dialed without
 * discovery, which boot nodes are not.
 */
function config(options: GethOptions): string {
  return [
    '[Node.P2P]',
    `ListenAddr = "127.0.0.1:${options.port ?? 0}"`,
    `StaticNodes = ${JSON.stringify(options.bootnodes ?? [])}`,
    '',
  ].join('\n')
}

async function flags(
  options: GethOptions,
  datadir: string,
  paths: Record<'ipc' | 'jwt' | 'config', string>,
): Promise<string[]> {
  return [
    ...['--config', paths.config, '--datadir', datadir, '--networkid', await networkId(options.genesis)],
    ...['--nodiscover', '--nat', 'none', '--ipcpath', paths.ipc, '--maxpeers', String(options.maxPeers ?? 50)],
    ...['--authrpc.addr', '127.0.0.1', '--authrpc.port', '0', '--authrpc.jwtsecret', paths.jwt],
    ...['--syncmode', options.syncMode ?? 'full', '--cache', '128', '--verbosity', '3', '--log.format', 'logfmt'],
    ...(options.syncTarget !== undefined ? ['--synctarget', options.syncTarget] : []),
    ...(options.exitWhenSynced ? ['--exitwhensynced'] : []),
    ...(options.extra ?? []),
  ]
}
