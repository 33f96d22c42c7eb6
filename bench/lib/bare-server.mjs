/**
 * The program of servers.mjs that no library is in: node:http and `ws` alone, which parse what comes and answer every call
 * with the same. Says {"event":"listening","http":…,"ws":…}.
 */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

function answer(text) {
  const { id } = JSON.parse(text)
  return JSON.stringify({ jsonrpc: '2.0', id, result: '0x258' })
}

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = answer(Buffer.concat(chunks).toString())
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
  })
})
new WebSocketServer({ server }).on('connection', (ws) => {
  ws.on('message', (data) => ws.send(answer(data.toString())))
})
process.once('SIGINT', () => process.exit(0))
server.listen(0, '127.0.0.1', () => {
  const at = `127.0.0.1:${server.address().port}`
  console.log(JSON.stringify({ event: 'listening', http: `http://${at}`, ws: `ws://${at}` }))
})
