import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { ConfigError, PeerloomError, StorageError } from '../base/errors.ts'
import { formatEnode, NodeKey } from '../identity/index.ts'
import { ServiceError } from '../node/index.ts'
import { RpcError, RpcErrorCode } from '../rpc/index.ts'
import { parseHash, parseLevel, parseNode, parseWhole } from './config/parse.ts'
import { EXIT, type Failure, failureOf as failureWith } from './failure.ts'
import { OPTION_FLAGS } from './flags/index.ts'
import { InterruptedError } from './interruption.ts'

/** The failure of an error, with the flags' names on the command line. */
function failureOf(error: unknown): Failure {
  return failureWith(error, (field) => (OPTION_FLAGS.has(field) ? `--${OPTION_FLAGS.get(field)}` : undefined))
}

describe('flag values', () => {
  test('whole numbers are decimal and within their bounds', () => {
    expect(parseWhole('--port', '30303', 0, 65_535)).toBe(30_303)
    for (const text of ['', '-1', '1e3', '0x10', '65536', ' 1', '1.5']) {
      expect(() => parseWhole('--port', text, 0, 65_535)).toThrow(/^--port: .*\(a whole number from 0 to 65535\)$/)
    }
  })

  test('hashes have 32 bytes, with or without 0x', () => {
    expect(parseHash('--target', `0x${'0A'.repeat(32)}`)).toEqual(new Uint8Array(32).fill(10))
    expect(parseHash('--target', 'ff'.repeat(32))).toHaveLength(32)
    expect(() => parseHash('--target', '0xff')).toThrow(/^--target: /)
  })

  test('an invalid enode URL is refused with its flag', () => {
    const { publicKey } = NodeKey.generate()
    const url = formatEnode({ publicKey, host: '127.0.0.1', tcpPort: 1, udpPort: 1 })
    expect(parseNode('--peer', url)).toBe(url)
    expect(() => parseNode('--peer', 'enode://ab')).toThrow(/^--peer: /)
    expect(() => parseNode('--peer', formatEnode({ publicKey, host: '::1', tcpPort: 0, udpPort: 1 }))).toThrow(/TCP/)
  })

  test('levels are given by name or by number', () => {
    expect(['0', '3', '5', 'warn'].map((text) => parseLevel('--verbosity', text))).toEqual([
      'silent',
      'info',
      'trace',
      'warn',
    ])
    expect(() => parseLevel('--verbosity', '6')).toThrow(/^--verbosity: .*, trace, or 0 to 5\)$/)
  })
})

describe('failures', () => {
  test('the option in an error of the library becomes its flag', () => {
    const failure = failureOf(new ConfigError('p2p.listen.port', '30303 is in use', { hint: 'take another' }))
    expect(failure).toEqual({
      exitCode: EXIT.usage,
      code: 'ERR_CONFIG',
      message: '--port: 30303 is in use (take another)',
    })
  })

  test('the error of a missing method says which endpoints offer less than all', () => {
    const { exitCode, message } = failureOf(new RpcError(RpcErrorCode.MethodNotFound, 'no such method'))
    expect(exitCode).toBe(EXIT.failed)
    expect(message).toBe('no such method (over HTTP and WebSocket a node offers what --http.api and --ws.api name)')
  })

  test('the option in an error of a service becomes the flag of its world, or of the node', () => {
    const failed = (field: string): string =>
      failureOf(new ServiceError('ethereum', new ConfigError(field, 'no'))).message
    expect([failed('genesis'), failed('dataDir'), failed('depth')]).toEqual([
      '--genesis: no',
      '--datadir: no',
      'depth: no',
    ])
  })

  test('a failure of the store has a hint', () => {
    const locked = new StorageError('ERR_STORAGE_LOCKED', '/d', '/d is in use by another process')
    expect(failureOf(locked).message).toBe(
      '/d is in use by another process (stop that process first, or choose another --datadir)',
    )
    expect(failureOf(locked).exitCode).toBe(EXIT.failed)
  })

  test('an interruption has an exit code and no message', () => {
    expect(failureOf(new InterruptedError('SIGINT'))).toMatchObject({ exitCode: 130, message: '' })
  })

  test('any thrown value becomes one printable line', () => {
    expect(failureOf(new TypeError('a\nb\u001b[2J'))).toEqual({
      exitCode: 1,
      code: 'ERR_UNKNOWN',
      message: 'a b\\u001b[2J',
    })
    expect(failureOf(undefined).exitCode).toBe(1)
    expect(failureOf(new PeerloomError('ERR_X', 'x', { cause: new Error('y') })).message).toBe('x: y')
  })

  test('errors of Commander get the form of ours', () => {
    const usage = (code: string, message: string): string => failureOf(new CommanderError(1, code, message)).message
    expect(usage('commander.unknownOption', "error: unknown option '--x'\n(Did you mean --y?)")).toBe(
      '--x: unknown option (did you mean --y?)',
    )
    expect(usage('commander.optionMissingArgument', "error: option '--peer <enode>' argument missing")).toBe(
      '--peer: missing value (see --help)',
    )
  })
})
