/**
 * Sync of a whole chain from one geth over loopback: ours (headers, bodies and receipts, verified and stored) and, in
 * turn with it, another geth's full sync, which executes the blocks as well and keeps no other's receipts.
 *
 * geth's clock begins when it begins to sync, after it has found its peer; ours when the program has opened its store,
 * before it has dialed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { jsonOf, Program } from './process.mjs'
import { Resident } from './resident.mjs'
import { ratios, summary } from './stats.mjs'

/** A sync that is slower than this hangs: milliseconds, and blocks a second. */
const PATIENCE = 60_000
const LEAST_RATE = 20

/** `context` has: rounds, cli (path of our bin), env, note. */
export async function measureSync(chain, goal, context) {
  const found = { peerloom: [], 'go-ethereum': [] }
  const failures = {}
  const source = await startGeth(chain, { datadir: chain.datadir })
  try {
    for (let round = 0; round < context.rounds; round++) {
      for (const [name, sync] of Object.entries({ peerloom: syncOurs, 'go-ethereum': syncGeth })) {
        if (failures[name]) continue
        context.note(`${chain.name}, round ${round + 1} of ${context.rounds}: ${name}`)
        try {
          found[name][round] = await inFolder((folder) => sync(chain, source.enode, folder, context))
        } catch (error) {
          failures[name] = error.message
        }
      }
    }
  } finally {
    await source.stop()
  }
  return summarise(chain, goal, found, failures, context.rounds)
}

async function syncOurs(chain, enode, folder, { cli, env }) {
  const flags = ['sync', '--genesis', chain.genesis, '--datadir', join(folder, 'data'), '--peer', enode]
  const own = ['--target', chain.head, '--exit-when-synced', '--json', '--port', '0', '--host', '127.0.0.1']
  let began = performance.now()
  const onLine = (line) => {
    if (jsonOf(line)?.type === 'started') began = performance.now()
  }
  const program = new Program(process.execPath, [cli, ...flags, ...own], { env, onLine })
  const resident = new Resident(program.pid)
  try {
    await program.first((line) => (jsonOf(line)?.blocksPerSecond === undefined ? undefined : true), patience(chain))
    const seconds = (performance.now() - began) / 1000
    const memory = resident.stop()
    const code = await program.exited
    if (code !== 0) throw program.failure(`ended with ${code}`)
    return { seconds, blocksPerSecond: chain.blocks / seconds, ...memory }
  } finally {
    resident.stop()
    await program.stop()
  }
}

async function syncGeth(chain, enode, folder) {
  const head = new RegExp(`msg="Imported new chain segment" number=${chain.blocks} `)
  let began
  const onLine = (line) => {
    if (line.includes('msg="Block synchronisation started"')) began ??= performance.now()
  }
  const extra = ['--synctarget', chain.head]
  const geth = await startGeth(chain, { datadir: join(folder, 'data'), folder, peers: [enode], extra, onLine })
  const resident = new Resident(geth.pid)
  try {
    await geth.first((line) => (head.test(line.replaceAll(',', '')) ? true : undefined), patience(chain))
    const seconds = (performance.now() - began) / 1000
    return { seconds, blocksPerSecond: chain.blocks / seconds, ...resident.stop() }
  } finally {
    resident.stop()
    await geth.stop()
  }
}

/** A geth on loopback. Only a file can name the address to listen on; static nodes are dialed without discovery. */
async function startGeth(chain, { datadir, folder = mkdtemp(), peers = [], extra = [], onLine }) {
  const geth = interopBinary('geth')
  await new Program(geth, ['--datadir', datadir, 'init', chain.genesis]).exited
  const config = join(folder, 'config.toml')
  writeFileSync(config, `[Node.P2P]\nListenAddr = "127.0.0.1:0"\nStaticNodes = ${JSON.stringify(peers)}\n`)
  const program = new Program(
    geth,
    [
      ...['--config', config, '--datadir', datadir, '--networkid', chain.networkId, '--nodiscover', '--nat', 'none'],
      ...['--ipcdisable', '--authrpc.addr', '127.0.0.1', '--authrpc.port', '0', '--syncmode', 'full', '--cache', '128'],
      ...['--verbosity', '3', '--log.format', 'logfmt', ...extra],
    ],
    { onLine },
  )
  const started = /msg="Started P2P networking" self="?(enode:[^"\s]+)/
  const enode = await program.first((line) => started.exec(line)?.[1])
  return {
    enode,
    pid: program.pid,
    first: (pick, timeout) => program.first(pick, timeout),
    stop: () => program.stop(60_000),
  }
}

const patience = ({ blocks }) => PATIENCE + (blocks / LEAST_RATE) * 1000

const mkdtemp = () => mkdtempSync(join(tmpdir(), 'peerloom-bench-'))

async function inFolder(work) {
  const folder = mkdtemp()
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function summarise(chain, goal, found, failures, rounds) {
  const valuesOf = (name) =>
    Array.from({ length: rounds }, (_, round) => found[name][round]?.blocksPerSecond ?? Number.NaN)
  const ours = valuesOf('peerloom')
  const theirs = valuesOf('go-ethereum')
  return {
    row: chain.name,
    unit: ' blocks/s',
    failures,
    sides: {
      peerloom: { value: summary(ours), rounds: found.peerloom },
      'go-ethereum': { value: summary(theirs), ratio: ratios(ours, theirs), goal, rounds: found['go-ethereum'] },
    },
  }
}
