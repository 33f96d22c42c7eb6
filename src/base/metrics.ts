/**
 * Interface of counters and gauges. The node binds it to a registry; without one a count is an empty call.
 * @module
 */
export interface Counter {
  add(amount: number): void
}

export interface Metrics {
  /** Makes a number that only grows. `name` is go-ethereum's where it has one (`p2p/ingress`). */
  counter(name: string): Counter
  /** Registers a value that is read when the metrics are. */
  gauge(name: string, read: () => number): void
}

const noCounter: Counter = { add() {} }

export const noMetrics: Metrics = { counter: () => noCounter, gauge() {} }
