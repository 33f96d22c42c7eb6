/**
 * Files of the node beside its chain, with go-ethereum's layout: `<folder>/peerloom.ipc` and
 * `<folder>/peerloom/{nodekey, jwtsecret, static-nodes.json, trusted-nodes.json, bans.json, node.json, lock/}`.
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { atFieldAsync, ConfigError, StorageError } from '../base/errors.ts'
import { randomBytes } from '../crypto/index.ts'
import { NodeKey, parseEnode, readKeyFile, writeKeyFile } from '../identity/index.ts'
import { JWT_SECRET_BYTES } from '../rpc/index.ts'
import { writeFileAtomically } from '../storage/files/index.ts'
import { type LevelStore, makeFolder, openLevelStore, pathInDataDir } from '../storage/index.ts'

/** Option with the path of the secret. */
const SECRET_OPTION = 'authrpc.jwtSecret'
/** Largest list of nodes, in bytes: some 5000 URLs. */
const MAX_LIST_BYTES = 1024 * 1024
const NODE_LIST = { hint: 'a JSON array of enode URLs' }

export class NodeFolder implements AsyncDisposable {
  /** Absolute. */
  readonly path: string
  /** Lock of the folder: that of an empty database, which the system releases however the process ends. */
  readonly #lock: LevelStore

  private constructor(path: string, lock: LevelStore) {
    this.path = path
    this.#lock = lock
  }

  /**
   * Opens and locks a folder. Throws a ConfigError (`dataDir`) or a StorageError: `ERR_STORAGE_LOCKED` when another
   * process has the folder.
   */
  static async open(dataDir: string): Promise<NodeFolder> {
    const path = resolve(dataDir)
    const lock = pathInDataDir(path, 'lock')
    await makeFolder(lock)
    try {
      return new NodeFolder(path, await openLevelStore(lock))
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'ERR_STORAGE_LOCKED') throw error
      throw new StorageError(error.code, path, `${path} is in use by another process`, { cause: error })
    }
  }

  /** Path of a file of the program. */
  file(name: string): string {
    return pathInDataDir(this.path, name)
  }

  /** Reads the node key, or creates it. Rejects with a ConfigError (`dataDir`) when the file is damaged. */
  nodeKey(): Promise<NodeKey> {
    return atFieldAsync('dataDir', () => readOrCreateNodeKey(this.path))
  }

  /**
   * Reads the 32 bytes of the secret, or creates them. Throws a ConfigError (`authrpc.jwtSecret`) for a file without a
   * valid secret.
   */
  jwtSecret(): Promise<Uint8Array> {
    return readOrCreateJwtSecret(jwtSecretPath(this.path))
  }

  /** Enode URLs of `static-nodes.json` or `trusted-nodes.json`; empty without the file. */
  nodes(kind: 'static' | 'trusted'): Promise<readonly string[]> {
    return readNodeList(this.file(`${kind}-nodes.json`), kind)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock.close()
  }
}

/**
 * Path of a node's IPC socket: a bare name is in the data folder, as in go-ethereum; on Windows it is the name of a
 * pipe.
 * `path`: default `peerloom.ipc`.
 */
export function ipcPathIn(dataDir: string, path = 'peerloom.ipc'): string {
  const isBare = !isAbsolute(path) && !path.includes('/') && !path.includes(sep)
  if (!isBare) return path
  return process.platform === 'win32' ? `\\\\.\\pipe\\${path}` : join(resolve(dataDir), path)
}

/** Reads the key of a data folder, or creates it. Throws a ConfigError when the file is damaged. */
export async function readOrCreateNodeKey(dataDir: string): Promise<NodeKey> {
  const file = pathInDataDir(dataDir, 'nodekey')
  if (await fileExists(file, 'nodekey')) return await readKeyFile(file)
  const key = NodeKey.generate()
  await writeKeyFile(file, key)
  return key
}

/** Path of the authenticated endpoint's secret in a data folder. */
export function jwtSecretPath(dataDir: string): string {
  return pathInDataDir(dataDir, 'jwtsecret')
}

/** Reads the secret as {@link readJwtSecret}, or creates the file. */
export async function readOrCreateJwtSecret(path: string): Promise<Uint8Array> {
  return (await fileExists(path, SECRET_OPTION)) ? await readJwtSecret(path) : await writeSecret(path)
}

/**
 * Reads 32 bytes from a file in the format that execution clients share: 64 hex digits, with or without 0x. Throws a
 * ConfigError (`authrpc.jwtSecret`) for a file that is missing or invalid.
 */
export async function readJwtSecret(path: string): Promise<Uint8Array> {
  if (!(await fileExists(path, SECRET_OPTION))) throw new ConfigError(SECRET_OPTION, `${path} does not exist`)
  const text = (await readBounded(path, SECRET_OPTION, 1_024)).trim()
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return hexToBytes(text)
  throw new ConfigError(SECRET_OPTION, `${path} does not hold 64 hex digits`, {
    hint: 'remove the file, and a new secret is created',
  })
}

async function writeSecret(path: string): Promise<Uint8Array> {
  const secret = randomBytes(JWT_SECRET_BYTES)
  try {
    await writeFileAtomically(path, `0x${bytesToHex(secret)}`)
  } catch (cause) {
    throw new ConfigError(SECRET_OPTION, `cannot write ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
  return secret
}

async function readNodeList(path: string, kind: 'static' | 'trusted'): Promise<readonly string[]> {
  const field = `p2p.${kind}Nodes`
  if (!(await fileExists(path, field))) return []
  try {
    const list: unknown = JSON.parse(await readBounded(path, field, MAX_LIST_BYTES))
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'string'))
      throw new ConfigError(field, `${path} is not an array of strings`, NODE_LIST)
    // Blank entries are left over when a line is emptied by hand; go-ethereum passed them over, too.
    const urls = list.map((url) => url.trim()).filter((url) => url !== '')
    for (const url of urls) parseEnode(url)
    return urls
  } catch (cause) {
    if (cause instanceof ConfigError && cause.field === field) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(field, `${path}: ${why}`, { ...NODE_LIST, cause })
  }
}

async function readBounded(path: string, field: string, maxBytes: number): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new ConfigError(field, `${path} is too large: ${size} bytes, at most ${maxBytes}`)
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError(field, `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}

/**
 * @returns true if the file exists. Throws a ConfigError for anything but a regular file: reading a pipe would block
 * forever
 */
async function fileExists(path: string, field: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined)
  if (there && !there.isFile()) throw new ConfigError(field, `${path} is not a regular file`)
  return there !== undefined
}
