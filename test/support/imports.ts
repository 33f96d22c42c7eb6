/** Matches static imports and re-exports. Names stand between the keyword and `from`, without quotes and semicolons. */
const STATIC = /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

export interface ImportOptions {
  /** Leaves out `import type` and `export type`, which are gone at run time. @default false */
  readonly runtimeOnly?: boolean
}

/** The specifiers a source imports or re-exports, in whatever way. Reads the text; it does not compile. */
export function importsOf(source: string, { runtimeOnly = false }: ImportOptions = {}): string[] {
  const code = source.replace(COMMENTS, '')
  const statics = [...code.matchAll(STATIC)]
    .filter(([, type]) => !(runtimeOnly && type))
    .map(([, , to]) => to as string)
  return [...statics, ...[...code.matchAll(DYNAMIC)].map(([, to]) => to as string)]
}
