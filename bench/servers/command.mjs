/** What the servers of this folder say, and how they end. */
export function runServer(urls) {
  process.stdout.write(`${JSON.stringify({ event: 'listening', ...urls })}\n`)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0))
}
