import { RpcError, RpcErrorCode } from '../../../rpc/index.ts'

const NEEDS = {
  state: 'this node stores blocks, and no state',
  pool: 'this node has no transaction pool',
  keys: 'this node keeps no accounts',
} as const

/** Methods of go-ethereum, and what it takes to answer them that is not here. */
const UNSUPPORTED = {
  call: 'state',
  createAccessList: 'state',
  estimateGas: 'state',
  getBalance: 'state',
  getCode: 'state',
  getProof: 'state',
  getStorageAt: 'state',
  getStorageValues: 'state',
  getTransactionCount: 'state',
  simulateV1: 'state',
  newPendingTransactionFilter: 'pool',
  pendingTransactions: 'pool',
  resend: 'pool',
  sendRawTransaction: 'pool',
  sendRawTransactionSync: 'pool',
  fillTransaction: 'keys',
  sendTransaction: 'keys',
  sign: 'keys',
  signTransaction: 'keys',
} as const satisfies Readonly<Record<string, keyof typeof NEEDS>>

type UnsupportedMethods = Readonly<Record<keyof typeof UNSUPPORTED, () => never>>

/** Known methods that this node cannot answer: they say so, whatever their parameters, and why. */
export function unsupportedMethods(): UnsupportedMethods {
  const entries = Object.entries(UNSUPPORTED).map(([name, need]) => [name, () => refuse(name, NEEDS[need])])
  return Object.fromEntries(entries) as UnsupportedMethods
}

function refuse(name: string, why: string): never {
  throw new RpcError(RpcErrorCode.MethodNotSupported, `eth_${name} is not supported: ${why}`)
}
