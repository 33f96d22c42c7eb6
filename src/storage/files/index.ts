/**
 * Small files that are replaced as a whole. A door of its own, so that a program which needs no more than a key file does
 * not come with a database. Start reading at `atomic-file.ts`.
 * @module
 */
export { writeFileAtomically } from './atomic-file.ts'
export { JsonFile } from './json-file.ts'
