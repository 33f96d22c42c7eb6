/** Installs the JavaScript peers in bench/, unless they are there. */
export function preparePeers(note: (line: string) => void): void
