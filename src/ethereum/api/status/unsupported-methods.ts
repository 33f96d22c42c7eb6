import { RpcError, RpcErrorCode } from '../../../rpc/index.ts'

const NEEDS = {
  state: 'this node stores no state',
  pool: 'this node has no transaction pool',
  keys: 'this node keeps no accounts',
} as const

/** Methods of go-ethereum that need what this node lacks. */
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

/** Methods that this node cannot answer: each throws an error with the reason, whatever its parameters. */
export function unsupportedMethods(): UnsupportedMethods {
  const entries = Object.entries(UNSUPPORTED).map(([name, need]) => [name, () => refuse(name, NEEDS[need])])
  return Object.fromEntries(entries) as UnsupportedMethods
}

function refuse(name: string, why: string): never {
  throw new RpcError(RpcErrorCode.MethodNotSupported, `eth_${name} is not supported: ${why}`)
}
