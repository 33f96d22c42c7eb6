/**
 * What a node keeps beside its chain, laid out as go-ethereum's: `<folder>/peerloom.ipc` and
 * `<folder>/peerloom/{nodekey, jwtsecret, static-nodes.json, trusted-nodes.json, lock/}`.
 * @module
 */
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { atFieldAsync, ConfigError, StorageError } from '../base/errors.ts'
import { randomBytes } from '../crypto/index.ts'
import { NodeKey, parseEnode, readKeyFile, writeKeyFile } from '../identity/index.ts'
import { JWT_SECRET_BYTES } from '../rpc/index.ts'
import { type LevelStore, makeFolder, openLevelStore, pathInDataDir } from '../storage/index.ts'

/** Option that names the file of the secret. */
const SECRET_OPTION = 'authrpc.jwtSecret'
/** A list of nodes is at most this large, in bytes: 5000 URLs. */
const MAX_LIST_BYTES = 1024 * 1024
const NODE_LIST = { hint: 'a JSON array of enode URLs' }

export class NodeFolder implements AsyncDisposable {
  /** Absolute. */
  readonly path: string
  /** The database's lock is the folder's: the system gives it back however a process ends. */
  readonly #lock: LevelStore

  private constructor(path: string, lock: LevelStore) {
    this.path = path
    this.#lock = lock
  }

  /** Throws a ConfigError (`dataDir`) or a StorageError: `ERR_STORAGE_LOCKED` when another process has the folder. */
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

  /** The path of a file of the program. */
  file(name: string): string {
    return pathInDataDir(this.path, name)
  }

  /** Rejects with a ConfigError (`dataDir`) when the file is damaged. */
  nodeKey(): Promise<NodeKey> {
    return atFieldAsync('dataDir', () => readOrCreateNodeKey(this.path))
  }

  /** 32 bytes, made when the file is not there. Throws a ConfigError (`authrpc.jwtSecret`) for a file that holds none. */
  jwtSecret(path: string = jwtSecretPath(this.path)): Promise<Uint8Array> {
    return readOrCreateJwtSecret(path)
  }

  /** The enode URLs of `static-nodes.json` or `trusted-nodes.json`; none when there is no such file. */
  nodes(kind: 'static' | 'trusted'): Promise<readonly string[]> {
    return readNodeList(this.file(`${kind}-nodes.json`), kind)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock.close()
  }
}

/**
 * The path of the socket of a node: a bare name is in the data folder, as in go-ethereum; on Windows it is the name of a pipe.
 * `path`: default `peerloom.ipc`.
 */
export function ipcPathIn(dataDir: string, path = 'peerloom.ipc'): string {
  const isBare = !isAbsolute(path) && !path.includes('/') && !path.includes(sep)
  if (!isBare) return path
  return process.platform === 'win32' ? `\\\\.\\pipe\\${path}` : join(resolve(dataDir), path)
}

/** The key of a data folder; made on the first call of the folder's life. Throws a ConfigError when the file is damaged. */
export async function readOrCreateNodeKey(dataDir: string): Promise<NodeKey> {
  const file = pathInDataDir(dataDir, 'nodekey')
  if (await fileExists(file, 'nodekey')) return await readKeyFile(file)
  const key = NodeKey.generate()
  await writeKeyFile(file, key)
  return key
}

/** The secret of a data folder, for those who may call the authenticated endpoint. */
export function jwtSecretPath(dataDir: string): string {
  return pathInDataDir(dataDir, 'jwtsecret')
}

/** {@link readJwtSecret}, of a file that is made when it is not there. */
export async function readOrCreateJwtSecret(path: string): Promise<Uint8Array> {
  return (await fileExists(path, SECRET_OPTION)) ? await readJwtSecret(path) : await writeSecret(path)
}

/**
 * 32 bytes from a file as execution clients share them: 64 hex digits, with or without 0x. Throws a ConfigError (`authrpc.jwtSecret`)
 * for one that is not there, or that holds none.
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
  const temporary = `${path}.${bytesToHex(randomBytes(8))}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`0x${bytesToHex(secret)}`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path) // whole, or not at all
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
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
    for (const url of list) parseEnode(url)
    return list
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

/** Throws a ConfigError for what is there and is no file: a pipe would be waited for without end. */
async function fileExists(path: string, field: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined)
  if (there && !there.isFile()) throw new ConfigError(field, `${path} is not a regular file`)
  return there !== undefined
}
