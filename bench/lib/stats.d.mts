export function percentile(values: readonly number[], share: number): number | undefined
export function trend(points: readonly (readonly [x: number, y: number])[]): { slope: number; error: number }
