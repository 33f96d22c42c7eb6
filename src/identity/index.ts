/**
 * identity: who a node is. Its key, the file that keeps it, and the enode URL and signed record that tell others.
 *
 * It does not sign, shake hands or resolve names. Start reading at node-key.ts.
 * @module
 */
export { type Enode, formatEnode, parseEnode } from './enode.ts'
export { Enr, type EnrOptions, MAX_ENR_BYTES } from './enr.ts'
export { enodeOf } from './enr-endpoint.ts'
export { readKeyFile, writeKeyFile } from './key-file.ts'
export { NodeKey } from './node-key.ts'
