/**
 * Enode URLs from outside, as the nodes they name.
 * @module
 */
import { describeError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { type Enode, parseEnode } from '../../identity/index.ts'

/** A URL that names no node gives undefined: one bad find must not end the search. Ends its source when it is left. */
export function enodesFrom(urls: AsyncIterable<string>, log: Logger): AsyncIterable<Enode | undefined> {
  return {
    [Symbol.asyncIterator]() {
      const source = urls[Symbol.asyncIterator]()
      return {
        async next() {
          const result = await source.next()
          return result.done ? result : { value: parsed(result.value, log), done: false }
        },
        async return() {
          await source.return?.()
          return { value: undefined, done: true }
        },
      }
    },
  }
}

function parsed(url: string, log: Logger): Enode | undefined {
  try {
    return parseEnode(url)
  } catch (error) {
    log.debug('candidate passed over', { error: describeError(error) })
    return undefined
  }
}
