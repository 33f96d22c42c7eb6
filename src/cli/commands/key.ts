import { Argument, Option } from 'commander'
import { bytesToHex } from '../../base/bytes.ts'
import { atFieldAsync, ConfigError } from '../../base/errors.ts'
import { formatEnode, NodeKey, readKeyFile, writeKeyFile } from '../../identity/index.ts'
import { pathExists } from '../../storage/index.ts'
import type { CommandSpec, Context } from '../command.ts'

interface KeyOptions {
  readonly privateKey?: true
  readonly force?: true
}

const privateKeyOption = (): Option =>
  new Option('--private-key', 'prints the private key, too: it identifies the node and must stay secret')

export const keyGenerateCommand: CommandSpec<KeyOptions> = {
  name: 'generate',
  summary: 'generates a node key',
  details: "Without a file the key is not kept: use --private-key then. The file has go-ethereum's format (nodekey).",
  examples: [
    ['key generate nodekey', 'writes a new key into the file nodekey'],
    ['key generate --private-key --json', 'prints one'],
  ],
  arguments: [new Argument('[file]', 'where to write it')],
  flags: [],
  options: [privateKeyOption(), new Option('--force', 'replaces an existing file')],
  async run({ terminal }, options, file) {
    if (file === undefined && !options.privateKey) {
      throw new ConfigError('file', 'the new key would be lost', {
        hint: 'name a file, or add --private-key to print it',
      })
    }
    if (file !== undefined && !options.force && (await pathExists(file))) {
      throw new ConfigError('file', `${file} already exists`, { hint: '--force replaces it' })
    }
    const key = NodeKey.generate()
    if (file !== undefined) await atFieldAsync('file', () => writeKeyFile(file, key))
    return show(terminal, key, options, file)
  },
}

export const keyShowCommand: CommandSpec<KeyOptions> = {
  name: 'show',
  summary: 'shows the node identity in a key file',
  examples: [['key show nodekey', 'prints id, public key and enode']],
  arguments: [new Argument('<file>', 'a key file')],
  flags: [],
  options: [privateKeyOption()],
  async run({ terminal }, options, file = '') {
    return show(terminal, await atFieldAsync('file', () => readKeyFile(file)), options, file)
  },
}

/** Prints the node of a key. The port of the enode URL is the default one, because a key has none. */
function show(terminal: Context['terminal'], key: NodeKey, options: KeyOptions, file: string | undefined): object {
  const { publicKey } = key
  const result = {
    ...(file !== undefined && { file }),
    id: bytesToHex(key.id),
    publicKey: bytesToHex(publicKey),
    enode: formatEnode({ publicKey, host: '127.0.0.1', tcpPort: 30_303, udpPort: 30_303 }),
    ...(options.privateKey && { privateKey: bytesToHex(key.privateKey) }),
  }
  const labels = { file: 'file', id: 'id', publicKey: 'public key', enode: 'enode', privateKey: 'private key' }
  for (const [name, value] of Object.entries(result)) {
    terminal.print(`${labels[name as keyof typeof labels].padEnd(12)} ${value}`)
  }
  return result
}
