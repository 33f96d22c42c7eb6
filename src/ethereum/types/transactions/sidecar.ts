import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import type { BlobSidecar } from './transaction-fields.ts'

const BLOB_TYPE = 3
const BLOB_BYTES = 131_072
/** Largest number of blobs: more than any blob schedule (21 in a block after BPO2), or a message of 16 MiB (127). */
const MAX_BLOBS = 128
const CELLS_PER_BLOB = 128

const blobs = rlp.list(rlp.fixed(BLOB_BYTES), { max: MAX_BLOBS })
const commitments = rlp.list(rlp.fixed(48), { max: MAX_BLOBS })
const proofs = rlp.list(rlp.fixed(48), { max: MAX_BLOBS * CELLS_PER_BLOB })

/**
 * Extracts the canonical form from `03 ‖ [transaction, version?, blobs, commitments, proofs]`. Copies the transaction.
 */
export function splitNetworkForm(bytes: Uint8Array): Uint8Array {
  const inner = new rlp.RlpReader(bytes, 1).enterList().rawItem()
  const raw = new Uint8Array(1 + inner.length)
  raw[0] = BLOB_TYPE
  raw.set(inner, 1)
  return raw
}

export function decodeSidecar(bytes: Uint8Array): BlobSidecar {
  const reader = new rlp.RlpReader(bytes, 1).enterList()
  reader.skip()
  const version = readVersion(reader)
  const sidecar = {
    version,
    blobs: blobs.read(reader),
    commitments: commitments.read(reader),
    proofs: proofs.read(reader),
  }
  reader.finish()
  return sidecar
}

/** Reads the version. Version 0 has none on the wire: the list of blobs begins in its place. */
function readVersion(reader: rlp.RlpReader): 0 | 1 {
  const at = reader.offset
  if (reader.isList()) return 0
  const version = rlp.number.read(reader)
  if (version !== 1) throw new CodecError('ERR_SIDECAR_VERSION', `unknown sidecar version ${version}`, at)
  return version
}

/** Encodes the network form. `payload` is the transaction's, without its type byte. */
export function encodeNetworkForm(payload: Uint8Array, sidecar: BlobSidecar): Uint8Array {
  const version = sidecar.version === 0 ? [] : [rlp.number.encode(sidecar.version)]
  const list = rlp.encodeListOfRaw([
    payload,
    ...version,
    blobs.encode(sidecar.blobs),
    commitments.encode(sidecar.commitments),
    proofs.encode(sidecar.proofs),
  ])
  const out = new Uint8Array(1 + list.length)
  out[0] = BLOB_TYPE
  out.set(list, 1)
  return out
}
