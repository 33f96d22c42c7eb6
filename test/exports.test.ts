import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { importsOf } from './support/imports.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

/** Names that programs of users import: removing one is a breaking change. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '.': [
    'PeerloomError CodecError ProtocolError HandshakeError PeerClosedError TimeoutError ConfigError StorageError',
    'InternalError describeError Scope Queue Events systemClock silentLogger noMetrics rlp bytesToHex hexToBytes',
    'PeerConnection Keepalive defineProtocol message unknownMessages transportPipe MemoryStore',
  ],
  './devp2p': [
    'Server ServerPeer RlpxTransport NodeKey LocalNode Enr parseEnode formatEnode DisconnectReason disconnected disconnectText ping greet',
    'PeerConnection defineProtocol message rlp matchProtocols capabilitiesOf formatCapability tcpNetwork',
  ],
  './ethereum': [
    'Header Block BlockBody Transaction Receipt Eth EthPeer ETH_VERSIONS ethMessages ChainStore ForkIds networkGenesis',
    'verifyHeader verifyBody verifyReceipts deriveRoot transactionsRoot receiptsRoot parseGenesis',
    'EthereumService ChainFolder importChainFile exportChainFile readGenesisFile demoChain loadDemoChain',
  ],
  './node': ['Node defineService ServiceError createLogger LogLevels openLevelStore'],
  './rpc': [
    'RpcClient RpcServer RpcSubscription RpcError RpcErrorCode RpcConnectionError RpcHttpError RawJson method param',
  ],
  './testing': ['FakeClock MemoryNetwork transportPipe peerPair scriptedProtocol expectMessage'],
}

/** Dependencies that only programs which need them may load, and the subpaths from where they can be reached. */
const HEAVY: Readonly<Record<string, readonly string[]>> = {
  'classic-level': ['./node', './ethereum'], // loaded when the first store is opened
  pino: ['./node'],
  commander: [],
}

/** `./dist/devp2p/index.js` comes from `src/devp2p/index.ts`. */
function sourceOf(built: string): string {
  return join(ROOT, built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts'))
}

const subpaths = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name, source: sourceOf(target.default), target }],
)

/** Every package and Node module reachable from a source at run time, with the file that reaches it. */
function packagesFrom(entry: string): Map<string, string> {
  const packages = new Map<string, string>()
  const seen = new Set<string>()
  const open = [entry]
  for (let file = open.pop(); file; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    for (const to of [...importsOf(text, { runtimeOnly: true }), ...requiresOf(text)]) {
      if (to.startsWith('.')) open.push(join(dirname(file), to))
      else packages.set(packageOf(to), relative(ROOT, file))
    }
  }
  return packages
}

function requiresOf(source: string): string[] {
  return [...source.matchAll(/\brequire\(\s*'([^']+)'\s*\)/g)].map(([, to]) => to as string)
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

describe('exports', () => {
  test('each subpath of package.json has a source, and types beside its code', () => {
    expect(subpaths.map(({ name }) => name)).toEqual(Object.keys(NAMES))
    for (const { source, target } of subpaths) {
      expect(existsSync(source), source).toBe(true)
      expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
    }
  })

  test.each(subpaths)('$name has the names that programs rely on', async ({ name, source }) => {
    const module = (await import(source)) as Record<string, unknown>
    const wanted = (NAMES[name] ?? []).flatMap((line) => line.split(' '))
    expect(wanted.filter((each) => module[each] === undefined)).toEqual([])
  })

  test('the bin has a source', () => {
    expect(Object.values(manifest.bin).map((built) => existsSync(sourceOf(built)))).toEqual([true])
  })
})

describe('import graph', () => {
  test.each(subpaths)('$name reaches no heavy dependency that is not for it', ({ name, source }) => {
    const packages = packagesFrom(source)
    const foreign = Object.keys(HEAVY).filter((each) => packages.has(each) && !HEAVY[each]?.includes(name))
    expect(foreign.map((each) => `${each} by ${packages.get(each)}`)).toEqual([])
  })

  test('classic-level is loaded by an import at run time, not with the module', () => {
    const text = readFileSync(join(ROOT, 'src/storage/level.ts'), 'utf8')
    expect(text).toMatch(/await import\('classic-level'\)/)
    expect(text).not.toMatch(/^import (?!type)[^\n]*'classic-level'/m)
  })

  test('./testing brings no test runner', () => {
    const packages = packagesFrom(sourceOf('./dist/testing/index.js'))
    expect([...packages.keys()].filter((each) => ['vitest', 'fast-check'].includes(each))).toEqual([])
  })

  test('every package that a source imports is among the dependencies', () => {
    const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
    const entries = [...subpaths.map(({ source }) => source), ...Object.values(manifest.bin).map(sourceOf)]
    const used = new Map(entries.flatMap((entry) => [...packagesFrom(entry)]))
    const undeclared = [...used].filter(([name]) => !name.startsWith('node:') && !(name in declared))
    expect(undeclared.map(([name, by]) => `${name} by ${by}`)).toEqual([])
    expect([...used.keys()]).toEqual(expect.arrayContaining(Object.keys(HEAVY))) // or the walk sees nothing
  })
})
