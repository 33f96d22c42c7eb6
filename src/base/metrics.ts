/**
 * What is counted, as an interface: the node binds it to a registry, a library without one pays an empty call.
 * @module
 */
export interface Counter {
  add(amount: number): void
}

export interface Metrics {
  /** A number that only grows. `name` is go-ethereum's where it has one (`p2p/ingress`). */
  counter(name: string): Counter
  /** A value read when somebody looks. */
  gauge(name: string, read: () => number): void
}

const noCounter: Counter = { add() {} }

export const noMetrics: Metrics = { counter: () => noCounter, gauge() {} }
