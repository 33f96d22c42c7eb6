import { RpcError, RpcErrorCode } from '../../rpc/index.ts'

const NEEDS = {
  state: 'this node stores blocks, and no state',
  pool: 'this node has no transaction pool',
  keys: 'this node keeps no accounts',
} as const

/** Methods of go-ethereum, by what it takes to answer them and is not here. */
const UNSUPPORTED: Readonly<Record<keyof typeof NEEDS, readonly string[]>> = {
  state: [
    'call',
    'createAccessList',
    'estimateGas',
    'getBalance',
    'getCode',
    'getProof',
    'getStorageAt',
    'getStorageValues',
    'getTransactionCount',
    'simulateV1',
  ],
  pool: [
    'newPendingTransactionFilter',
    'pendingTransactions',
    'sendRawTransaction',
    'sendRawTransactionSync',
    'resend',
  ],
  keys: ['fillTransaction', 'sendTransaction', 'sign', 'signTransaction'],
}

/** Known methods that this node cannot answer: they say so, whatever their parameters, and why. */
export function unsupportedMethods(): Readonly<Record<string, () => never>> {
  const entries = Object.entries(UNSUPPORTED).flatMap(([need, names]) =>
    names.map((name) => [name, () => refuse(name, NEEDS[need as keyof typeof NEEDS])] as const),
  )
  return Object.fromEntries(entries)
}

function refuse(name: string, why: string): never {
  throw new RpcError(RpcErrorCode.MethodNotSupported, `eth_${name} is not supported: ${why}`)
}
