/** A geth on loopback: as the source of a chain, and syncing one from another. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { forkchoiceUpdated } from './engine.mjs'
import { Program } from './process.mjs'
import { Resident } from './resident.mjs'

/** geth knows a head by its hash as soon as its peer is there: asked this often, in milliseconds. */
const ASK_INTERVAL = 100

/**
 * Log lines that begin the clock of each sync mode: geth has its peer, and asks for the headers. Its line about the start
 * of block synchronisation comes only after the last of them.
 */
const ways = {
  full: { began: 'msg="Beacon syncing with hash as target"', flags: (chain) => ['--synctarget', chain.head] },
  snap: { began: 'msg="Forkchoice requested sync to new head"', flags: () => [] },
}

/** Answers JSON-RPC at `http` and `ws`, over its data folder's chain. `folder` is for its own files. */
export async function answerGeth(chain, folder) {
  const urls = {}
  const onLine = (line) => {
    const [, http] = /msg="HTTP server started" endpoint=(\S+) auth=false/.exec(line) ?? []
    if (http) Object.assign(urls, { http: `http://${http}`, ws: `ws://${http}` }) // with the same port they share one
  }
  const flags = ['--http', '--http.port', '0', '--ws', '--ws.port', '0']
  const geth = await startGeth(chain, { datadir: chain.datadir, folder, mode: 'full', flags, onLine })
  return { ...geth, ...urls }
}

/** Serves its data folder's chain. `folder` is for its own files. */
export async function serveGeth(chain, folder) {
  return await startGeth(chain, { datadir: chain.datadir, folder, mode: 'full' })
}

/**
 * Syncs the chain from `enode` in a `mode` of `ways`, and ends when the head is imported: what both modes execute, full
 * sync every block and snap sync the 64 after its pivot, whose state it has fetched by then.
 */
export async function syncGeth(mode, chain, enode, folder, patience) {
  let began
  const onLine = (line) => {
    if (line.includes(ways[mode].began)) began ??= performance.now()
  }
  const datadir = join(folder, 'data')
  const geth = await startGeth(chain, { datadir, folder, mode, peers: [enode], flags: ways[mode].flags(chain), onLine })
  const resident = new Resident(geth.pid)
  try {
    const head = new RegExp(`msg="Imported new chain segment" number=${chain.blocks} `)
    const imported = geth.first((line) => (head.test(line.replaceAll(',', '')) ? true : undefined), patience)
    if (mode === 'snap') await Promise.race([nameHead(geth, chain.head, () => began !== undefined), imported])
    await imported
    const seconds = (performance.now() - began) / 1000
    return { seconds, blocksPerSecond: chain.blocks / seconds, ...resident.stop() }
  } finally {
    resident.stop()
    await geth.stop()
  }
}

/** Says what the head is until geth sets out for it: it answers the same while it has no peer to know the hash from. */
async function nameHead({ engine, secret }, head, hasBegun) {
  while (!hasBegun()) {
    await forkchoiceUpdated(engine, secret, head)
    await sleep(ASK_INTERVAL)
  }
}

/** Only a file can name the address to listen on; static nodes are dialed without discovery. */
async function startGeth(chain, { datadir, folder, mode, peers = [], flags = [], onLine }) {
  const binary = interopBinary('geth')
  await new Program(binary, ['--datadir', datadir, 'init', chain.genesis]).exited
  const config = join(folder, 'config.toml')
  writeFileSync(config, `[Node.P2P]\nListenAddr = "127.0.0.1:0"\nStaticNodes = ${JSON.stringify(peers)}\n`)
  const secret = randomBytes(32)
  const secretFile = join(folder, 'jwt.hex')
  writeFileSync(secretFile, secret.toString('hex'))
  const program = new Program(
    binary,
    [
      ...['--config', config, '--datadir', datadir, '--networkid', chain.networkId, '--nodiscover', '--nat', 'none'],
      ...['--ipcdisable', '--authrpc.addr', '127.0.0.1', '--authrpc.port', '0', '--authrpc.jwtsecret', secretFile],
      ...['--syncmode', mode, '--cache', '128', '--verbosity', '3', '--log.format', 'logfmt', ...flags],
    ],
    { onLine },
  )
  const [enode, endpoint] = await Promise.all([
    program.first((line) => /msg="Started P2P networking" self="?(enode:[^"\s]+)/.exec(line)?.[1]),
    program.first((line) => /msg="HTTP server started" endpoint=(\S+) auth=true/.exec(line)?.[1]),
  ])
  return {
    enode,
    engine: `http://${endpoint}`,
    secret,
    pid: program.pid,
    first: (pick, timeout) => program.first(pick, timeout),
    stop: () => program.stop(60_000),
  }
}
