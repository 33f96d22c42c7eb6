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
 * no temporary file; one that a killed process left is replaced if it has the same name.
 * @param temporary default: a new name, so that several writes of one file may run at a time
 */
export async function writeFileAtomically(
  path: string,
  data: string | Uint8Array,
  temporary = `${path}.${process.pid}-${written++}.tmp`,
): Promise<void> {
  try {
    await rm(temporary, { force: true })
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
