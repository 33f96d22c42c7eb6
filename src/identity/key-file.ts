/**
 * Key files in go-ethereum's `nodekey` format: the private key as 64 hex digits.
 * @module
 */
import { open } from 'node:fs/promises'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import { secp256k1 } from '../crypto/index.ts'
import { writeFileAtomically } from '../storage/files/index.ts'
import { NodeKey } from './node-key.ts'

const FIELD = 'nodekey'
/** Largest key file: 64 digits and a line end of any system. */
const MAX_FILE_BYTES = 66

/**
 * Reads a key file: 64 hex digits, of either case, and at most one line end. Throws a ConfigError when it cannot be
 * read (its `cause` is Node's error, so `cause.code === 'ENOENT'` is "no such file") or does not hold a key.
 */
export async function readKeyFile(path: string): Promise<NodeKey> {
  const text = await readStart(path)
  const digits = /^([0-9a-fA-F]{64})\r?\n?$/.exec(text)?.[1]
  if (digits === undefined) throw malformed(path, 'does not hold 64 hex digits')
  const privateKey = hexToBytes(digits)
  if (!secp256k1().isPrivateKey(privateKey)) throw malformed(path, 'holds a number that is not a private key')
  return NodeKey.from(privateKey)
}

/** Reads at most one byte more than a key file may have: the path may name any file. */
async function readStart(path: string): Promise<string> {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1)
  let length = 0
  try {
    const file = await open(path, 'r')
    try {
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = (await file.read(buffer, length, buffer.length - length)).bytesRead
      }
    } finally {
      await file.close()
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new ConfigError(FIELD, `the key file ${path} does not exist`, { cause })
    throw unusable(path, 'cannot be read', cause)
  }
  return buffer.toString('latin1', 0, length)
}

/** Writes a key file with mode 0600, whole or not at all; replaces what is there. Throws a ConfigError when it fails. */
export async function writeKeyFile(path: string, key: NodeKey): Promise<void> {
  try {
    await writeFileAtomically(path, bytesToHex(key.privateKey))
  } catch (cause) {
    throw unusable(path, 'cannot be written', cause)
  }
}

function malformed(path: string, what: string): ConfigError {
  return new ConfigError(FIELD, `the key file ${path} ${what}`, {
    hint: 'restore it from a copy, or remove it and the node will have a new identity',
  })
}

function unusable(path: string, what: string, cause: unknown): ConfigError {
  const { code = String(cause) } = cause as NodeJS.ErrnoException
  return new ConfigError(FIELD, `the key file ${path} ${what}: ${code}`, {
    cause,
    hint: 'check that the folder exists and that this user may read and write it',
  })
}
