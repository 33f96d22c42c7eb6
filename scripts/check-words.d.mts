/** Types of check-words.mjs: scripts are plain JavaScript, and its test is TypeScript. */
export interface FoundDocstring {
  readonly line: number
  /** First words, without stars. */
  readonly opening: string
  /** True if the docstring opens with a question word or a preposition. */
  readonly counts: boolean
}

export function docstringsOf(text: string): FoundDocstring[]

/** Line numbers. */
export function itCallsOf(text: string): number[]
