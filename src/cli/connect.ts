/**
 * Connects a command to a running node.
 * @module
 */
import { PeerloomError } from '../base/errors.ts'
import { isLoopback } from '../net/index.ts'
import { ipcPathIn, jwtSecretPath, readJwtSecret } from '../node/index.ts'
import { RpcClient, RpcConnectionError, RpcHttpError } from '../rpc/index.ts'
import { pathExists } from '../storage/index.ts'
import type { Context } from './command.ts'
import { dataDirIn } from './config/settings.ts'
import type { FlagName } from './flags/index.ts'

/** Flags of commands that connect to a node. */
export const CLIENT_FLAGS: readonly FlagName[] = ['datadir', 'network', 'ipcpath', 'authrpc.jwtsecret']

/** Endpoint of the node: the one given, or the socket of the data folder. */
export function endpointOf({ config }: Context, url: string | undefined): string {
  return url ?? ipcPathIn(dataDirIn(config), config.get('ipcpath'))
}

/** Connects to the node. Rejects with an error of one line that names the endpoint. */
export async function connectTo(context: Context, endpoint: string): Promise<RpcClient> {
  const { config } = context
  const named = config.get('authrpc.jwtsecret')
  try {
    return await dial(context, endpoint, named)
  } catch (error) {
    if (!(error instanceof RpcConnectionError)) throw error
    if (!(error instanceof RpcHttpError)) {
      const message = `cannot connect to a node at ${endpoint}: ${reasonOf(error)} (start one with peerloom, or give the endpoint of one)`
      throw new PeerloomError('ERR_NO_NODE', message) // the cause is in the message
    }
    const own = jwtSecretPath(dataDirIn(config))
    if (error.status !== 401 || named !== undefined || !isLocalUrl(endpoint)) throw error
    if (!(await pathExists(own))) throw error
    return await dial(context, endpoint, own)
  }
}

async function dial({ signal, log, clock }: Context, endpoint: string, secretFile?: string): Promise<RpcClient> {
  const jwtSecret = secretFile === undefined ? undefined : await readJwtSecret(secretFile)
  const options = { signal, log, clock, reconnect: false, ...(jwtSecret && { jwtSecret }) }
  const client = await RpcClient.dial(endpoint, options)
  try {
    if (/^https?:/.test(endpoint)) await client.call('rpc_modules') // HTTP connects with its first call
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

/** @returns true if the URL is of this machine: no other host may see a token signed with the data folder's secret */
function isLocalUrl(endpoint: string): boolean {
  const { hostname } = new URL(endpoint)
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

function reasonOf(error: RpcConnectionError): string {
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
