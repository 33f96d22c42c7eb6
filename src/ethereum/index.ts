/**
 * What is said and believed on Ethereum's wires: `types/`, `chain/`, `eth/`, `sync/`, each on top of the one before.
 * @module
 */
export * from './chain/index.ts'
export * from './eth/index.ts'
export * from './sync/index.ts'
export * from './types/index.ts'
