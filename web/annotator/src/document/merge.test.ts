import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { merge } from "./merge";
import type { Region } from "./region";
import { anyRegions } from "./regions.arbitrary";

const content = ({ points, text, category, ignore }: Region) => JSON.stringify([points, text, category, ignore]);
const ids = (regions: readonly Region[]) => new Map(regions.map((region) => [region.id, region]));
const box = (id: string, text: string): Region => ({
  id,
  points: [
    [0, 0],
    [10, 0],
    [10, 5],
    [0, 5],
  ],
  text,
  category: "text",
  ignore: false,
  source: "machine",
  accepted: false,
});

describe("merging by region against what both began from", () => {
  test("changes nothing when the other side did nothing", () => {
    fc.assert(
      fc.property(anyRegions(), anyRegions(), (base, mine) => {
        expect(merge(base, mine, base)).toEqual({ regions: mine, conflicts: [] });
      }),
    );
  });

  test("takes everything over when this side did nothing", () => {
    fc.assert(
      fc.property(anyRegions(), anyRegions(), (base, theirs) => {
        const { regions, conflicts } = merge(base, base, theirs);
        expect(ids(regions)).toEqual(ids(theirs));
        expect(conflicts).toEqual([]);
      }),
    );
  });

  test("keeps every text, box and category that one of them made", () => {
    fc.assert(
      fc.property(anyRegions(), anyRegions(), anyRegions(), (base, mine, theirs) => {
        const before = ids(base);
        const { regions } = merge(base, mine, theirs);
        for (const property of ["text", "category", "points", "ignore"] as const) {
          const there = new Set(regions.map((region) => JSON.stringify(region[property])));
          for (const region of [...mine, ...theirs]) {
            const original = before.get(region.id);
            const changed = JSON.stringify(original?.[property]) !== JSON.stringify(region[property]);
            if (changed) expect(there).toContain(JSON.stringify(region[property]));
          }
        }
      }),
    );
  });

  test("says the same whoever of the two merges", () => {
    fc.assert(
      fc.property(anyRegions(), anyRegions(), anyRegions(), (base, mine, theirs) => {
        const here = merge(base, mine, theirs);
        const there = merge(base, theirs, mine);
        expect(here.regions.map(content).sort()).toEqual(there.regions.map(content).sort());
        expect([...here.conflicts].sort()).toEqual([...there.conflicts].sort());
      }),
    );
  });

  test("names no region twice", () => {
    fc.assert(
      fc.property(anyRegions(), anyRegions(), anyRegions(), (base, mine, theirs) => {
        const { regions } = merge(base, mine, theirs);
        expect(ids(regions).size).toBe(regions.length);
      }),
    );
  });

  test("takes the text of one and the category of the other", () => {
    const base = [box("a", "6")];
    const mine = [{ ...box("a", "⌀6"), source: "person" as const }];
    const theirs = [{ ...box("a", "6"), category: "dimension" as const, source: "person" as const }];
    expect(merge(base, mine, theirs).regions).toEqual([{ ...mine[0], category: "dimension" }]);
  });

  test("keeps both where both typed something else", () => {
    const { regions, conflicts } = merge([box("a", "6")], [box("a", "⌀6")], [box("a", "∅6")]);
    expect(regions.map(({ text }) => text)).toEqual(["⌀6", "∅6"]);
    expect(conflicts).toEqual(["a"]);
  });

  test("does not delete what the other one has just edited", () => {
    expect(merge([box("a", "6")], [], [box("a", "⌀6")])).toEqual({ regions: [box("a", "⌀6")], conflicts: ["a"] });
    expect(merge([box("a", "6")], [], [box("a", "6")])).toEqual({ regions: [], conflicts: [] });
  });
});
