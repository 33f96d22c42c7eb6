import { readFileSync } from 'node:fs'

let version: string | undefined

/** Version of this package, such as `0.1.0`. */
export function packageVersion(): string {
  // The relative path is the same from src/node and from dist/node.
  version ??= (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
  return version
}

/** Name of a node in Hello: `Peerloom/v0.1.0/linux-x64/node20.19.0`, or `Peerloom/<identity>/v0.1.0/…`. */
export function clientName(identity = ''): string {
  return `Peerloom/${identity && `${identity}/`}v${packageVersion()}/${process.platform}-${process.arch}/node${process.versions.node}`
}
