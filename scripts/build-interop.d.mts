export type InteropName = 'geth' | 'devp2p' | 'chainmaker' | 'yardstick' | 'rpcbench'
export const interopNames: readonly InteropName[]

/** The path of a program that has been built; throws when it has not. */
export function interopBinary(name: InteropName): string

/** The folder of a Go module that a world (a folder of interop/) depends on. */
export function goModuleFolder(world: 'ethereum', module: string): string

/** Builds what is missing. Resolves to the path of each name. */
export function buildInterop(options?: {
  /** @default all */
  readonly names?: readonly InteropName[]
  /** @default console.error */
  readonly log?: (line: string) => void
  readonly signal?: AbortSignal
}): Promise<Record<InteropName, string>>
