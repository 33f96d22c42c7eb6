import { Session } from 'node:inspector'

/** Collects all that nothing refers to; what a test still has on its stack stays. */
export async function collectGarbage(): Promise<void> {
  const session = new Session()
  session.connect()
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve))
  session.disconnect()
}
