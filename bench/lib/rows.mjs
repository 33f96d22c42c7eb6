/**
 * The rows, the peers beside which they are measured, and their goals. A goal is a ratio ours to theirs (`less`: the smaller the
 * better); nothing here is an absolute figure, because the same machine swings by two between minutes.
 */

const node = (file, flags = [], env = {}) => ({ file, flags, env })

/** The peers: a file of peers/, its switches, its environment. */
export const sides = {
  peerloom: node('peerloom.mjs'),
  'peerloom, WASM': node('peerloom.mjs', [], { PEERLOOM_CRYPTO: 'wasm' }),
  ethereumjs: node('ethereumjs.mjs'),
  'ethereumjs, NODELAY': node('ethereumjs.mjs', ['--nodelay']),
  'go-ethereum': node('geth.mjs'),
}

/** ethereumjs is slow enough for fewer handshakes to take as long. */
const SLOW_SHARE = 0.05

function handshakes(name, title, concurrency, ours, goals) {
  return {
    name,
    title,
    ours,
    goals,
    unit: '/s',
    value: (result) => result.perSecond,
    /** There is more code in a handshake, and it runs less often, than in messages: a second would measure the compiler. */
    args(side, { handshakes: count, handshakeWarmup: warmup }) {
      const slow = side.startsWith('ethereumjs')
      const own = slow ? Math.max(20, Math.round(count * SLOW_SHARE)) : count
      return { mode: 'handshakes', concurrency, count: Math.max(own, concurrency), warmup }
    },
  }
}

function messages(name, title, size, goals) {
  const small = size < 10_000
  return {
    name,
    title,
    ours: 'peerloom',
    goals,
    unit: small ? ' msg/s' : ' MB/s',
    value: (result) => (small ? result.perSecond : result.megabytesPerSecond),
    args: () => ({ mode: 'oneway', size }),
  }
}

function requests(name, title, outstanding, goals) {
  return {
    name,
    title,
    ours: 'peerloom',
    goals,
    unit: '/s',
    value: (result) => result.perSecond,
    args: () => ({ mode: 'request', size: 100, outstanding }),
  }
}

const goal = (atLeast, aim) => ({ atLeast, aim })

export const linkRows = [
  handshakes('handshakes-50', 'handshakes, 50 at once', 50, 'peerloom', {
    ethereumjs: goal(10, 25),
    'go-ethereum': goal(0.9, 1.3),
  }),
  handshakes('handshakes-50-wasm', 'handshakes, 50 at once, WASM secp256k1', 50, 'peerloom, WASM', {
    ethereumjs: goal(10, 25),
    'go-ethereum': goal(0.45, 0.6),
  }),
  handshakes('handshakes-1', 'handshakes, one after the other', 1, 'peerloom', {
    ethereumjs: goal(10, 25),
    'go-ethereum': goal(undefined, 0.9),
  }),
  messages('message-100', 'messages of 100 B', 100, { ethereumjs: goal(6, 20), 'go-ethereum': goal(1, 1.5) }),
  messages('message-1k', 'messages of 1 KB', 1024, { ethereumjs: goal(), 'go-ethereum': goal(1, 1.5) }),
  messages('message-32k', 'messages of 32 KB', 32_768, { ethereumjs: goal(), 'go-ethereum': goal(0.9, 1.2) }),
  messages('message-100k', 'messages of 100 KB', 100_000, { ethereumjs: goal(10, 20), 'go-ethereum': goal(0.9, 1.2) }),
  requests('request-1', 'request and answer of 100 B, 1 outstanding', 1, {
    ethereumjs: goal(100, 250),
    'ethereumjs, NODELAY': goal(4),
    'go-ethereum': goal(1, 1.2),
  }),
  requests('request-100', 'request and answer of 100 B, 100 outstanding', 100, {
    ethereumjs: goal(),
    'ethereumjs, NODELAY': goal(),
    'go-ethereum': goal(1, 1.5),
  }),
  {
    name: 'memory',
    title: 'resident memory of an idle inbound peer',
    ours: 'peerloom',
    goals: { ethereumjs: goal(0.5, 0.3), 'go-ethereum': goal(1, 0.6) },
    unit: ' KB',
    less: true,
    /** Held before the measured ones, in a fresh process: what the first peers warm up is not what a peer costs. */
    heldBefore: 250,
    value: (result) => result.remoteBytesEach / 1000,
    args(side, { idlePeers, slowIdlePeers, holdSeconds }) {
      const count = side.startsWith('ethereumjs') ? slowIdlePeers : idlePeers
      return { mode: 'idle', count, seconds: holdSeconds }
    },
  },
]

/** Share of the bare crypto's speed that a whole frame reaches, by payload size. */
export const frameGoals = { 100: goal(0.5), 32768: goal(0.8), 100000: goal() }

/** geth's two ways; `report.mjs` says beside the figures what they do that ours does not. */
export const syncRows = {
  'sync-600': {
    title: 'sync of 600 blocks from geth',
    goals: { 'geth, snap sync': goal(), 'geth, full sync': goal() },
  },
  'sync-20000': {
    title: 'sync of 20,000 blocks from geth',
    goals: { 'geth, snap sync': goal(1, 2.5), 'geth, full sync': goal(10, 25) },
  },
}

/** The JSON-RPC clients: a file of callers/; go-ethereum's is interop/ethereum/rpcbench. */
export const callers = {
  peerloom: 'peerloom.mjs',
  viem: 'viem.mjs',
  ethers: 'ethers.mjs',
  'go-ethereum': undefined,
  'bare node:http': 'floor.mjs',
  'bare ws': 'floor.mjs',
  'bare newline JSON': 'floor.mjs',
}

/** Goals of calls a second (ours to theirs) or of CPU a call (theirs to ours): the more the better, both. */
const rate = (atLeast, aim) => ({ of: 'rate', atLeast, aim })
const cpu = (atLeast, aim) => ({ of: 'cpu', atLeast, aim })

/** `via` says which of the server's addresses; `batch` how many calls are in one. */
export const callRows = [
  {
    name: 'call-http',
    title: 'client: HTTP, 100 calls at once',
    via: 'http',
    concurrency: 100,
    goals: { viem: rate(5, 10), ethers: rate(), 'go-ethereum': rate(1), 'bare node:http': rate() },
  },
  {
    name: 'call-batch',
    title: 'client: HTTP, batches of 100, 10 at once',
    via: 'http',
    concurrency: 10,
    batch: 100,
    goals: { viem: rate(2.5, 4), 'go-ethereum': rate(), 'bare node:http': rate() },
  },
  {
    name: 'call-ws',
    title: 'client: WebSocket, 100 calls at once',
    via: 'ws',
    concurrency: 100,
    goals: { viem: rate(2, 3), ethers: rate(1.1), 'go-ethereum': rate(1), 'bare ws': rate() },
  },
  {
    name: 'call-ipc',
    title: 'client: IPC, 100 calls at once',
    via: 'ipc',
    concurrency: 100,
    goals: { 'go-ethereum': rate(), 'bare newline JSON': rate(0.7) },
  },
]

const getBlock = (number) => ({ method: 'eth_getBlockByNumber', params: [`0x${number.toString(16)}`, true] })
const blockNumber = { method: 'eth_blockNumber', params: [] }

/** `via` says which of the servers' addresses; each connection has one request waiting. */
export const serveRows = [
  {
    name: 'serve-http',
    title: 'server: eth_blockNumber, HTTP, 100 connections',
    via: 'http',
    connections: 100,
    call: blockNumber,
    goals: { geth: cpu(0.8, 1.2), 'bare node:http': rate(0.9, 1) },
  },
  {
    name: 'serve-ws',
    title: 'server: eth_blockNumber, WebSocket, 100 connections',
    via: 'ws',
    connections: 100,
    call: blockNumber,
    goals: { geth: cpu(1, 1.5), 'bare ws': rate() },
  },
  {
    name: 'serve-batch',
    title: 'server: eth_blockNumber, HTTP, batches of 100, 10 connections',
    via: 'http',
    connections: 10,
    batch: 100,
    call: blockNumber,
    goals: { geth: cpu(0.8, 1.5) },
  },
  {
    name: 'serve-block-3k',
    title: 'server: eth_getBlockByNumber, full, 2.8 KB, HTTP, 100 connections',
    via: 'http',
    connections: 100,
    call: getBlock(27), // of the 600, the one whose JSON is nearest to that
    goals: { geth: cpu(1.5, 2.5) },
  },
  {
    name: 'serve-block-36k',
    title: 'server: eth_getBlockByNumber, full, 36 KB, HTTP, 100 connections',
    via: 'http',
    connections: 100,
    call: getBlock(14), // the largest of the 600
    goals: { geth: cpu(4, 8) },
  },
]

/** A figure without a peer to compare with, in the unit in which it is printed. */
const fact = (title, unit, { atLeast, atMost } = {}) => ({ title, unit, atLeast, atMost })
const growthFacts = (load) => ({
  resident: fact(`${load}: growth of resident memory, garbage collected`, ' %/h', { atMost: 1 }),
  held: fact(`${load}: growth of what heap and buffers hold`, ' %/h'),
  raw: fact(`${load}: growth of resident memory as it is`, ' %/h'),
  megabytes: fact(`${load}: resident memory at the end`, ' MB'),
  rate: fact(`${load}: how many`, '/s'),
})

/** Facts by row. What a protocol may leave unread is 8 MiB; a socket's chunk and a frame under way come on top. */
export const factRows = {
  many: {
    answers: fact('2,000 peers, each asking 100 B a second: answers', '/s'),
    cpu: fact("2,000 peers: the process's CPU", ' % of a core'),
    resident: fact('2,000 peers: resident memory', ' MB'),
    p50: fact("2,000 peers: a quiet peer's ping, p50", ' ms'),
    p99: fact("2,000 peers: a quiet peer's ping, p99", ' ms'),
  },
  senders: {
    one: fact('1 peer sending 100 B as fast as it can', ' msg/s'),
    total: fact('200 peers doing so: total', ' msg/s'),
    totalShare: fact("200 peers: total, of one link's", ' %', { atLeast: 80 }),
    slowestShare: fact('200 peers: the slowest, of its fair share', ' %', { atLeast: 50 }),
  },
  fairness: {
    idle: fact("a quiet peer's ping beside nobody, p99", ' ms'),
    flooded: fact('beside a peer flooding 16 MiB messages, p99', ' ms'),
    ratio: fact('beside the flood to beside nobody', '×', { atMost: 10 }),
    rate: fact('the flood', ' MB/s'),
  },
  unread: {
    small: fact('a protocol that never reads holds, of 100 B messages', ' MB', { atMost: 10 }),
    large: fact('a protocol that never reads holds, of 100 KB messages', ' MB', { atMost: 10 }),
    idle: fact("a quiet peer's ping beside nobody, p99", ' ms'),
    beside: fact('beside the protocol that never reads, p99', ' ms'),
  },
  growth: Object.fromEntries(
    Object.entries({ messages: '100 B messages', handshakes: 'handshakes' }).flatMap(([load, title]) =>
      Object.entries(growthFacts(title)).map(([key, value]) => [`${load}.${key}`, value]),
    ),
  ),
}

export const rowNames = [
  ...linkRows.map((row) => row.name),
  'frame',
  ...Object.keys(syncRows),
  ...callRows.map((row) => row.name),
  ...serveRows.map((row) => row.name),
  ...Object.keys(factRows),
]
