/**
 * How a command reaches a node that runs.
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { defaultIpcPath, readJwtSecret } from '../node/index.ts'
import { RpcClient, RpcConnectionError, RpcHttpError } from '../rpc/index.ts'
import type { Context } from './command.ts'
import type { FlagName } from './config/flag-table.ts'
import { dataDirIn } from './config/settings.ts'

/** What commands that speak to a node take. */
export const CLIENT_FLAGS: readonly FlagName[] = ['datadir', 'network', 'ipcpath', 'authrpc.jwtsecret']

/** Where to find the node: the endpoint that was named, or the socket of the data folder. */
export function endpointOf({ config }: Context, url: string | undefined): string {
  return url ?? config.get('ipcpath') ?? defaultIpcPath(dataDirIn(config))
}

/** Rejects with one line that says where nobody answered. */
export async function connectTo(context: Context, endpoint: string): Promise<RpcClient> {
  const { signal, log, clock, config } = context
  const secretFile = config.get('authrpc.jwtsecret')
  const jwtSecret = secretFile === undefined ? undefined : await readJwtSecret(secretFile)
  const options = { signal, log, clock, reconnect: false, ...(jwtSecret && { jwtSecret }) }
  try {
    const client = await RpcClient.dial(endpoint, options)
    if (/^https?:/.test(endpoint)) await client.call('rpc_modules') // HTTP connects with its first call
    return client
  } catch (error) {
    if (!(error instanceof RpcConnectionError) || error instanceof RpcHttpError) throw error
    throw new ConfigError('endpoint', `no node answers at ${endpoint}: ${reasonOf(error)}`, {
      hint: 'start one with peerloom, or name where it is',
      cause: error,
    })
  }
}

function reasonOf(error: RpcConnectionError): string {
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
