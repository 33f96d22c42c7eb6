/** The chains that are synced, and a geth that has each. What takes minutes is made once, in interop/.build. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildInterop, goModuleFolder, interopBinary } from '../../scripts/build-interop.mjs'
import { root } from './prepare.mjs'
import { runToEnd } from './process.mjs'

const folder = join(root, 'interop', '.build')

/** The 600 blocks of go-ethereum's own conformance tests. */
function hivechain() {
  const module = goModuleFolder('ethereum', 'github.com/ethereum/go-ethereum')
  const data = join(module, 'cmd/devp2p/internal/ethtest/testdata')
  const { params } = JSON.parse(readFileSync(join(data, 'headfcu.json'), 'utf8'))
  const blocks = Number(JSON.parse(readFileSync(join(data, 'headblock.json'), 'utf8')).number)
  return { folder: data, blocks, head: params[0].headBlockHash }
}

/** 20,000 blocks with 20 transfers in every second one. */
async function longChain(note) {
  await buildInterop({ names: ['chainmaker'], log: note })
  const maker = interopBinary('chainmaker')
  const place = join(folder, `bench-chain-${basename(maker)}`)
  await once(place, async (out) => {
    note('making the chain of 20,000 blocks: about two minutes, once')
    await runToEnd(maker, ['--preset', 'bench', '--out', out])
  })
  const { headNumber, headHash } = JSON.parse(readFileSync(join(place, 'info.json'), 'utf8'))
  return { folder: place, blocks: headNumber, head: headHash }
}

/** `{ name, genesis, file, networkId, blocks, head, datadir }`, with a geth data folder that holds the chain. */
export async function prepareChain(name, note) {
  const chain = name === 'sync-600' ? hivechain() : await longChain(note)
  const [genesis, file] = ['genesis.json', 'chain.rlp'].map((name) => join(chain.folder, name))
  const networkId = String(JSON.parse(readFileSync(genesis, 'utf8')).config.chainId)
  const geth = interopBinary('geth')
  const datadir = join(folder, `bench-${name}-${chain.head.slice(2, 10)}-${basename(geth)}`)
  await once(datadir, async (out) => {
    note(`importing ${chain.blocks} blocks into geth${chain.blocks > 1000 ? ': about two minutes, once' : ''}`)
    await runToEnd(geth, ['--datadir', out, 'init', genesis])
    await runToEnd(geth, ['--datadir', out, '--networkid', networkId, 'import', file])
  })
  return { name, genesis, file, networkId, blocks: chain.blocks, head: chain.head, datadir }
}

/** Makes it in a temporary place and renames it: a folder that exists is complete. */
async function once(place, make) {
  if (existsSync(place)) return
  const temporary = `${place}.${process.pid}.tmp`
  mkdirSync(temporary, { recursive: true })
  try {
    await make(temporary)
    renameSync(temporary, place)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
