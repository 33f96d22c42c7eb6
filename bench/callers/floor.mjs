/** No library: what Node.js and `ws` cost by themselves, with the ids and the JSON a caller cannot do without. */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { METHOD, runCaller } from './command.mjs'

let lastId = 0

function encode(id) {
  return JSON.stringify({ jsonrpc: '2.0', id, method: METHOD, params: [] })
}

function overHttp({ url, concurrency, batch }) {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const { hostname, port } = new URL(url)
  const post = (body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      const sent = request({ hostname, port, method: 'POST', path: '/', agent, headers }, (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  if (batch === 0) return async () => (await post(encode(++lastId))).result
  return async () => {
    const calls = Array.from({ length: batch }, () => encode(++lastId))
    return (await post(`[${calls.join(',')}]`)).map(({ result }) => result)
  }
}

/** More than are ever under way. */
const SLOTS = 1024

/** Calls over a connection that stays: `send` sends a text, `take` is to be given every text that comes. */
function multiplexed(send) {
  const waiting = new Array(SLOTS).fill(undefined) // a Map becomes slow at some time, and then nobody knows what is measured
  const call = () =>
    new Promise((resolve) => {
      const id = ++lastId
      waiting[id % SLOTS] = resolve
      send(encode(id))
    })
  const take = (text) => {
    const { id, result } = JSON.parse(text)
    waiting[id % SLOTS](result)
  }
  return { call, take }
}

async function overWebSocket({ url }) {
  const ws = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
  const { call, take } = multiplexed((text) => ws.send(text))
  ws.on('message', (data) => take(data.toString()))
  return call
}

async function overIpc({ url: path }) {
  const socket = connect(path)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let rest = ''
  const { call, take } = multiplexed((text) => {
    if (!socket.writableCorked) {
      socket.cork() // what is sent in one tick leaves in one write: without it, the floor is no floor
      process.nextTick(() => socket.uncork())
    }
    socket.write(`${text}\n`)
  })
  socket.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) take(line)
  })
  return call
}

await runCaller((settings) => {
  if (settings.url.startsWith('http:')) return overHttp(settings)
  return settings.url.startsWith('ws:') ? overWebSocket(settings) : overIpc(settings)
})
