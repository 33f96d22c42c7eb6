/**
 * The identity of nodes: keys and the files that keep them, enode URLs, and signed records, this node's own among them.
 *
 * Does not shake hands or resolve names. Start reading at `node-key.ts`; `local-node.ts` is this node's record.
 * @module
 */
export { type Enode, formatEnode, parseEnode } from './enode.ts'
export { Enr, type EnrOptions } from './enr.ts'
export { endpointEntries, enodeOf } from './enr-endpoint.ts'
export { readKeyFile, writeKeyFile } from './key-file.ts'
export { type EnrEntries, LocalNode, type LocalNodeOptions } from './local-node.ts'
export { NodeKey } from './node-key.ts'
