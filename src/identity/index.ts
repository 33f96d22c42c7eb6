/**
 * identity: who a node is. Its key, the file that keeps it, and the enode URL that tells others.
 *
 * It does not sign, shake hands or resolve names. Start reading at node-key.ts.
 * @module
 */
export { type Enode, formatEnode, parseEnode } from './enode.ts'
export { readKeyFile, writeKeyFile } from './key-file.ts'
export { NodeKey } from './node-key.ts'
