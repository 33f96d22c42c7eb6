/**
 * The commands of the program `peerloom`: reads flags, runs a node, writes for people or, with `--json`, for programs. Knows
 * nothing of how a node works.
 * Start reading at `main.ts`; `command.ts` says what a command is, and `commands/` has one file for each.
 * @module
 */
export { SIGNALS } from './interruption.ts'
export { type MainOptions, main } from './main.ts'
