import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Server } from '../../devp2p/index.ts'
import { formatEnode, NodeKey } from '../../identity/index.ts'
import { MemoryNetwork } from '../../net/index.ts'
import { LastDialError } from './last-dial-error.ts'

test('the error of the last dial is kept until there are peers', async () => {
  const network = new MemoryNetwork()
  await using server = await Server.listen({ key: NodeKey.generate(), protocols: [], network })
  using lastDialError = new LastDialError(server)
  expect(lastDialError.reason(0)).toBeUndefined()
  const { publicKey } = NodeKey.generate()
  const nobody = formatEnode({ publicKey, host: '10.0.0.9', tcpPort: 30_303, udpPort: 0 })
  await expect(server.dial(nobody)).rejects.toThrow()
  await setImmediate()
  expect(lastDialError.reason(0)).toMatch(/10\.0\.0\.9:30303/)
  expect(lastDialError.reason(1)).toBeUndefined()
  expect(lastDialError.reason(0)).toBeUndefined()
})
