import { describe, expect, test } from 'vitest'
import { demoChain } from '../../../test/support/demo-chain.ts'
import { joinScript, NETWORK_ID, nextPeer, nodeOf, statusOf } from '../../../test/support/eth-pair.ts'
import { FakeClock } from '../../base/clock.ts'
import type { ProtocolError } from '../../base/errors.ts'
import type { Peer } from '../../peer/index.ts'
import type { Status } from './codecs.ts'
import type { Eth } from './eth.ts'
import { ETH_VERSIONS, type EthVersion } from './messages.ts'

const chain = await demoChain()

/** @returns the cause with which the node closes its peer. */
async function causeOf(peer: Peer): Promise<ProtocolError> {
  return (await peer.closed).cause as ProtocolError
}

function greet(version: EthVersion, change: Partial<Status>, eth: Eth = nodeOf(chain)): Peer {
  const { node } = joinScript(eth, version, async (channel) => {
    await channel.send('Status', { ...statusOf(chain, version), ...change } as Status)
    for await (const _ of channel);
  })
  return node
}

describe.each(ETH_VERSIONS)('the handshake of eth/%i', (version) => {
  test('the handshake with a remote on the same chain makes a peer with its Status', async () => {
    const eth = nodeOf(chain)
    const joined = nextPeer(eth)
    const node = greet(version, {}, eth)
    const peer = await joined
    expect(eth.peers).toEqual(new Set([peer]))
    expect(peer.status).toEqual(statusOf(chain, version))
    expect(peer.range?.latest).toBe(version === 68 ? undefined : 320)
    node.close()
    await node.closed
    expect(eth.peers.size).toBe(0)
  })

  test.each([
    ['another network', { networkId: 1n }, 'ERR_ETH_NETWORK_ID', 0],
    ['a network beyond 2^53', { networkId: 2n ** 64n - 1n }, 'ERR_ETH_NETWORK_ID', 0],
    ['another version', { version: version + 1 }, 'ERR_ETH_VERSION', 20],
    ['another genesis', { genesisHash: new Uint8Array(32) }, 'ERR_ETH_GENESIS', 0],
    ['another fork', { forkId: { hash: new Uint8Array(4), next: 9n } }, 'ERR_ETH_FORK_ID', 0],
  ])('the handshake rejects %s', async (_, change, code, penalty) => {
    const error = await causeOf(greet(version, change))
    expect(error).toMatchObject({ code, penalty, disconnectReason: 0x10 })
  })

  test("the handshake checks in go-ethereum's order: network, version, genesis, fork", async () => {
    const wrong = {
      networkId: 1n,
      version: 1,
      genesisHash: new Uint8Array(32),
      forkId: { hash: new Uint8Array(4), next: 0n },
    }
    const right = statusOf(chain, version)
    const codes: string[] = []
    for (const mended of [{}, { networkId: NETWORK_ID }, { networkId: NETWORK_ID, version: right.version }]) {
      codes.push((await causeOf(greet(version, { ...wrong, ...mended }))).code)
    }
    expect(codes).toEqual(['ERR_ETH_NETWORK_ID', 'ERR_ETH_VERSION', 'ERR_ETH_GENESIS'])
  })

  test('the handshake rejects another first message than Status', async () => {
    const { node } = joinScript(nodeOf(chain), version, async (channel) => {
      await channel.send('GetBlockBodies', { id: 1n, hashes: [] })
      for await (const _ of channel);
    })
    expect(await causeOf(node)).toMatchObject({ code: 'ERR_ETH_NO_STATUS', disconnectReason: 0x10, penalty: 20 })
  })

  test('the handshake times out after 5 seconds without a Status', async () => {
    const clock = new FakeClock()
    const { node } = joinScript(
      nodeOf(chain),
      version,
      async (channel) => {
        for await (const _ of channel);
      },
      { clock },
    )
    await clock.advance(4_999)
    expect(node.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(await causeOf(node)).toMatchObject({ code: 'ERR_ETH_NO_STATUS', disconnectReason: 0x0b, penalty: 0 })
  })

  test('the handshake rejects a malformed Status', async () => {
    const { node } = joinScript(nodeOf(chain), version, async (channel) => {
      await channel.write(0, Uint8Array.of(0xc1, 0x80))
      for await (const _ of channel);
    })
    expect(await causeOf(node)).toMatchObject({ name: 'CodecError' })
  })

  test('a second Status ends the connection', async () => {
    const { node } = joinScript(nodeOf(chain), version, async (channel) => {
      await channel.send('Status', statusOf(chain, version))
      await channel.send('Status', statusOf(chain, version))
      for await (const _ of channel);
    })
    expect(await causeOf(node)).toMatchObject({ code: 'ERR_ETH_EXTRA_STATUS' })
  })

  test('a node sends nothing but its Status on its own', async () => {
    const clock = new FakeClock()
    const heard: string[] = []
    joinScript(
      nodeOf(chain),
      version,
      async (channel) => {
        await channel.send('Status', statusOf(chain, version))
        for await (const message of channel) heard.push(message.name)
      },
      { clock },
    )
    await clock.advance(60_000)
    expect(heard).toEqual(['Status'])
  })
})

describe.each([69, 70, 71] as const)('the block range in the Status of eth/%i', (version) => {
  test.each([
    ['reversed', { earliest: 10, latest: 8 }],
    ['without a hash', { latestHash: new Uint8Array(32) }],
  ])('a block range in the Status is rejected if it is %s', async (_, change) => {
    expect(await causeOf(greet(version, change))).toMatchObject({
      code: 'ERR_ETH_BLOCK_RANGE',
      disconnectReason: 0x10,
    })
  })
})
