/** Milliseconds that the fastest of several runs takes: what else a machine does may hold up one, hardly all. */
export function fastest(times: number, work: () => unknown): number {
  const taken = Array.from({ length: times }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...taken);
}
