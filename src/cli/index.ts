/**
 * Commands of the program `peerloom`: reads flags, runs a node, writes output for people or, with `--json`, for
 * programs. Contains no logic of the node.
 * Start reading at `main.ts`; `command.ts` specifies a command, and `commands/` has one file for each.
 * @module
 */
export { SIGNALS } from './interruption.ts'
export { type MainOptions, main } from './main.ts'
