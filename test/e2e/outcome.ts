/**
 * Output of a run of the program, in a process or within the test's own.
 * @module
 */

export interface Outcome {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Collects both outputs while the program runs. */
export class Output {
  readonly #waiting = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  #outcome: Outcome | undefined

  stdout(text: string): void {
    this.#stdout += text
    this.#wake()
  }

  stderr(text: string): void {
    this.#stderr += text
    this.#wake()
  }

  ended(code: number | undefined): Outcome {
    this.#outcome = { code, stdout: this.#stdout, stderr: this.#stderr }
    this.#wake()
    return this.#outcome
  }

  /** Waits for text on stdout or stderr and returns the match. Rejects if the program ends before. */
  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
      if (match) return match
      if (this.#outcome) {
        throw new Error(`ended with ${this.#outcome.code} before it said ${pattern}:\n${this.#stdout}\n${this.#stderr}`)
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

/** The JSON objects of an output, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
