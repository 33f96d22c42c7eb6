import { expect, test } from 'vitest'
import type { PeerInfo } from '../../devp2p/index.ts'
import { banTable, peerTable } from './peer-table.ts'

const peer = (parts: Partial<PeerInfo> = {}): PeerInfo => ({
  enode: 'enode://x',
  id: 'ab'.repeat(32),
  name: 'Geth/v1',
  caps: ['eth/69'],
  network: { localAddress: '', remoteAddress: '1.2.3.4:5', inbound: true, static: false, trusted: true },
  protocols: {},
  ...parts,
})

test('the table of peers shows a score only for peers that have one', () => {
  expect(peerTable([peer(), peer({ score: 40 })])).toEqual([
    'ID                DIR     ADDRESS                PROTOCOLS                     NAME',
    'abababababababab  in t    1.2.3.4:5              eth/69                        Geth/v1',
    'abababababababab  in t    1.2.3.4:5              eth/69                        Geth/v1  (score 40)',
  ])
  expect(peerTable([])).toEqual(['no peers'])
})

test('the table of bans shows ids and addresses, until when, the score and the reason', () => {
  const bans = [
    { id: 'cd'.repeat(32), until: 1_700_000_000_000, score: 100, reason: 'false answer' },
    { ip: '10.0.0.1', until: 1_700_000_060_500, score: 0, reason: 'banned by the operator' },
  ]
  expect(banTable(bans)).toEqual([
    '',
    'BANNED            UNTIL                 SCORE  REASON',
    'cdcdcdcdcdcdcdcd  2023-11-14 22:13:20Z    100  false answer',
    '10.0.0.1          2023-11-14 22:14:20Z      0  banned by the operator',
  ])
  expect(banTable([])).toEqual([])
})

test('text of a remote in a ban cannot move the cursor, and a time that is none is shown as it is', () => {
  const [, , line] = banTable([{ ip: '10.0.0.1', until: Number.NaN, score: 0, reason: 'a\u001b[2Jb\nc' }])
  expect(line).toContain('NaN')
  expect([...(line ?? '\n')].filter((character) => character < ' ')).toEqual([])
})
