/** Random regions and random work on them, for property tests. */
import fc from "fast-check";
import { CATEGORIES, type Region } from "./region";

const coordinate = fc.integer({ min: 0, max: 40 });
const corner = fc.tuple(coordinate, coordinate);

/** Few ids and few texts, so that two random lists often speak about the same region. */
export const anyRegion = (ids: readonly string[]): fc.Arbitrary<Region> =>
  fc.record({
    id: fc.constantFrom(...ids),
    points: fc.tuple(corner, corner, corner, corner),
    text: fc.constantFrom("", "⌀6", "M8", "±0.1"),
    category: fc.constantFrom(...CATEGORIES),
    ignore: fc.boolean(),
    source: fc.constantFrom("machine", "person"),
    accepted: fc.boolean(),
  });

export const anyRegions = (ids: readonly string[] = ["a", "b", "c", "d", "e"]): fc.Arbitrary<readonly Region[]> =>
  fc.uniqueArray(anyRegion(ids), { selector: ({ id }) => id, maxLength: ids.length });
