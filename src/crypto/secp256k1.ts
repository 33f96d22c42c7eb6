/**
 * Chooses the secp256k1 backend.
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { randomBytes } from './node-crypto.ts'
import type { Secp256k1, Secp256k1Backend } from './secp256k1-backend.ts'
import { loadNative } from './secp256k1-native.ts'
import { loadWasm } from './secp256k1-wasm.ts'

const VARIABLE = 'PEERLOOM_CRYPTO'

interface BackendEntry {
  load(): Secp256k1
  readonly hint: string
}

const BACKENDS: Readonly<Record<Secp256k1Backend, BackendEntry>> = {
  native: {
    load: () => loadNative(randomBytes(32)),
    hint: 'install the optional package secp256k1, which has binaries for some platforms only, or use wasm',
  },
  wasm: { load: () => loadWasm(randomBytes(32)), hint: 'install the package @bitauth/libauth' },
}

const isBackend = (name: string): name is Secp256k1Backend => Object.hasOwn(BACKENDS, name)

/** Loads a new instance of a backend, for tests and benchmarks. Throws a ConfigError when it does not load. */
export function loadSecp256k1(backend: Secp256k1Backend): Secp256k1 {
  const { load, hint } = BACKENDS[backend]
  try {
    return load()
  } catch (cause) {
    throw new ConfigError(VARIABLE, `the backend ${backend} does not load`, { hint, cause })
  }
}

function choose(): Secp256k1 {
  const forced = process.env[VARIABLE]
  if (forced !== undefined && forced !== '') {
    if (isBackend(forced)) return loadSecp256k1(forced)
    throw new ConfigError(VARIABLE, `no backend ${JSON.stringify(forced)}`, { hint: 'use native or wasm' })
  }
  try {
    return BACKENDS.native.load()
  } catch {
    // Not installed, or no binary for this machine: optional dependencies are allowed to be missing.
    return loadSecp256k1('wasm')
  }
}

let chosen: Secp256k1 | undefined

/**
 * The curve: loaded at the first call, the same object from then on. The environment variable PEERLOOM_CRYPTO
 * (native or wasm) forces a backend; without it native is taken if it loads, else wasm. Throws a ConfigError when
 * the variable has another value or the forced backend does not load.
 */
export function secp256k1(): Secp256k1 {
  chosen ??= choose()
  return chosen
}

/** Generates a private key: 32 random bytes. */
export function generateKey(): Uint8Array {
  const curve = secp256k1()
  for (;;) {
    const key = randomBytes(32)
    if (curve.isPrivateKey(key)) return key
  }
}
