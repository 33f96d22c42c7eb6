import { expect, test } from 'vitest'
import { World } from '../../../test/support/servers.ts'
import { ConfigError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { LocalNode, NodeKey } from '../../identity/index.ts'
import { type AnyProtocol, message } from '../../peer/index.ts'
import { type ServerOptions, settingsOf } from './options.ts'

const protocol = (parts: Partial<AnyProtocol> = {}): AnyProtocol => ({
  name: 'x',
  version: 1,
  messages: { a: message(0, rlp.bytes) },
  run: async () => {},
  ...parts,
})
const options = (parts: Partial<ServerOptions> = {}): ServerOptions => ({
  key: NodeKey.generate(),
  protocols: [protocol()],
  ...parts,
})

test('options of a server have the defaults of go-ethereum where it has them', () => {
  expect(settingsOf(options())).toMatchObject({ name: 'peerloom', maxPendingPeers: 50, listen: undefined })
})

test.each([
  ['127.0.0.1:30303', { host: '127.0.0.1', port: 30303 }],
  [':0', { port: 0 }],
  ['[::1]:1', { host: '::1', port: 1 }],
  ['localhost:65535', { host: 'localhost', port: 65535 }],
])('options of a server accept listen %s', (listen, expected) => {
  expect(settingsOf(options({ listen })).listen).toEqual(expected)
})

const many = protocol({ length: 0x10000 })
test.each<[string, Partial<ServerOptions>, string]>([
  ['a local node of another key', { localNode: new LocalNode({ key: NodeKey.generate() }) }, 'localNode'],
  ['listen without a port', { listen: '127.0.0.1' }, 'listen'],
  ['a port too high', { listen: ':65536' }, 'listen'],
  ['a bare IPv6 address', { listen: '::1:30303' }, 'listen'],
  ['a negative number of peers', { maxPeers: -1 }, 'maxPeers'],
  ['half a peer', { maxPeers: 0.5 }, 'maxPeers'],
  ['no number at all', { maxPendingPeers: Number.NaN }, 'maxPendingPeers'],
  ['a negative ratio', { dialRatio: -3 }, 'dialRatio'],
  ['half a dialed peer', { maxDialed: 0.5 }, 'maxDialed'],
  ['a negative number of inbound peers', { maxInbound: -1 }, 'maxInbound'],
  ['a negative ban', { banTimeout: -1 }, 'banTimeout'],
  ['a negative redial interval', { redialInterval: -1 }, 'redialInterval'],
  ['a bad range', { netRestrict: '10.0.0.0/40' }, 'netRestrict'],
  ['a protocol without a name', { protocols: [protocol({ name: '' })] }, 'protocols'],
  ['a name of 9 characters', { protocols: [protocol({ name: 'ninechars' })] }, 'protocols'],
  ['a name with a space', { protocols: [protocol({ name: 'a b' })] }, 'protocols'],
  ['the same capability twice', { protocols: [protocol(), protocol()] }, 'protocols'],
  ['a version that is none', { protocols: [protocol({ version: -1 })] }, 'protocols'],
  ['too many messages', { protocols: [many] }, 'protocols'],
  ['a code beyond the length', { protocols: [protocol({ length: 0 })] }, 'protocols'],
  ['a textual code', { protocols: [protocol({ messages: { a: message('a', rlp.bytes) } })] }, 'protocols'],
  [
    'two messages with one code',
    { protocols: [protocol({ messages: { a: message(0, rlp.bytes), b: message(0, rlp.bytes) } })] },
    'protocols',
  ],
])('%s is a ConfigError that names its field', (_what, parts, field) => {
  expect(() => settingsOf(options(parts))).toThrow(ConfigError)
  expect(() => settingsOf(options(parts))).toThrow(expect.objectContaining({ field }))
})

test('a bad URL among the static or trusted nodes keeps the server from listening', async () => {
  await using world = new World()
  const bad = (field: string) => ({ code: 'ERR_CONFIG', field })
  await expect(world.server('10.0.0.1', { staticNodes: ['enode://x'] })).rejects.toMatchObject(bad('staticNodes'))
  await expect(world.server('10.0.0.1', { trustedNodes: ['x'] })).rejects.toMatchObject(bad('trustedNodes'))
  await world.server('10.0.0.1')
})

test('options of a server are copied', () => {
  const protocols = [protocol()]
  const settings = settingsOf(options({ protocols }))
  protocols.push(protocol())
  expect(settings.protocols).toHaveLength(1)
})
