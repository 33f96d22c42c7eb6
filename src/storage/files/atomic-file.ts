/**
 * Small files that are replaced as a whole.
 * @module
 */
import { open, rename, rm } from 'node:fs/promises'

/** Mode: read and write for the owner only. */
const OWNER_ONLY = 0o600

let written = 0

/**
 * Writes a file with mode 0600, whole or not at all, also under kill -9 and a power cut: into a temporary file beside it,
 * which is synced to the disk and renamed. Replaces what is there, whatever its mode. Rejects with Node's error, and leaves
 * no temporary file.
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${written++}.tmp`
  try {
    await rm(temporary, { force: true }) // of a killed process that had this id
    const file = await open(temporary, 'wx', OWNER_ONLY)
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}
