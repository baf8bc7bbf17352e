/** The order in which a person goes through the regions: what the machine was least sure of comes first. */
import type { Region } from "../document/region";

/**
 * The ids in that order. It does not change while a person works: what people drew stands at the end.
 *
 * @param confidence The machine's, by region id.
 */
export function workingOrder(regions: readonly Region[], confidence: ReadonlyMap<string, number>): readonly string[] {
  const sureness = (region: Region) => confidence.get(region.id) ?? Number.POSITIVE_INFINITY;
  return regions.toSorted((a, b) => compare(sureness(a), sureness(b))).map(({ id }) => id);
}

/** The id `steps` places further, around the end; null in an empty order. */
export function neighbour(order: readonly string[], id: string | null, steps: 1 | -1): string | null {
  const at = id === null ? -1 : order.indexOf(id);
  if (at < 0) return order.at(steps > 0 ? 0 : -1) ?? null;
  return order[(at + steps + order.length) % order.length] ?? null;
}

/** The next one that nobody has accepted, around the end; null when there is none. */
export function nextOpen(
  order: readonly string[],
  regions: ReadonlyMap<string, Region>,
  id: string | null,
): string | null {
  const at = id === null ? -1 : order.indexOf(id);
  const ahead = [...order.slice(at + 1), ...order.slice(0, at + 1)];
  return ahead.find((other) => other !== id && regions.get(other)?.accepted === false) ?? null;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
