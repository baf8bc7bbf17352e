import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBox } from "../geometry/boxes.arbitrary";
import { intersectionArea } from "../geometry/overlap";
import { contains, moved, type Quad, quadOf, rotated } from "../geometry/quad";
import type { DrawnRegion } from "./ports";
import { RegionIndex } from "./region_index";

function region(id: string, points: Quad): DrawnRegion {
  return { id, points, text: id, category: "text", ignore: false, source: "machine", accepted: false };
}

const sheetPart = quadOf({ left: 1000, top: 1000, right: 2500, bottom: 2000 });
const aLittleMore = quadOf({ left: 999, top: 999, right: 2501, bottom: 2001 });
const bounds = { left: 1000, top: 1000, right: 2500, bottom: 2000 };

describe("the index of regions", () => {
  test("finds whatever has a part inside a rectangle, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(anyBox, { maxLength: 40 }), (quads) => {
        const index = new RegionIndex(quads.map((quad, place) => region(`${place}`, quad)));
        const found = new Set(index.touching(bounds));
        quads.forEach((quad, place) => {
          if (intersectionArea(quad, sheetPart) > 1e-6) expect(found).toContain(`${place}`);
          if (intersectionArea(quad, aLittleMore) === 0) expect(found).not.toContain(`${place}`);
        });
      }),
    );
  });

  test("leaves out a slanted box whose bounds alone meet the rectangle", () => {
    const slanted = rotated(quadOf({ left: 0, top: 0, right: 400, bottom: 20 }), -Math.PI / 4);
    const index = new RegionIndex([region("slanted", moved(slanted, [680, 860]))]);
    expect(index.within(bounds)).toEqual([0]);
    expect(index.touching(bounds)).toEqual([]);
  });

  test("points at a region around the place wherever there is one", () => {
    fc.assert(
      fc.property(fc.array(anyBox, { minLength: 1, maxLength: 40 }), (quads) => {
        const index = new RegionIndex(quads.map((quad, place) => region(`${place}`, quad)));
        for (const quad of quads) {
          const [a, , c] = quad;
          const id = index.at([(a[0] + c[0]) / 2, (a[1] + c[1]) / 2], 0);
          expect(id).not.toBeNull();
          expect(contains(quads[Number(id)] as Quad, [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2])).toBe(true);
        }
      }),
    );
  });

  test("points at the smallest of nested regions", () => {
    const index = new RegionIndex([
      region("cell", quadOf({ left: 40, top: 40, right: 60, bottom: 50 })),
      region("table", quadOf({ left: 0, top: 0, right: 100, bottom: 100 })),
    ]);
    expect(index.at([50, 45], 0)).toBe("cell");
    expect(index.at([10, 10], 0)).toBe("table");
  });

  test("points at the nearest region within reach, else at none", () => {
    const index = new RegionIndex([
      region("near", quadOf({ left: 0, top: 0, right: 10, bottom: 10 })),
      region("far", quadOf({ left: 20, top: 0, right: 30, bottom: 10 })),
    ]);
    expect(index.at([13, 5], 8)).toBe("near");
    expect(index.at([13, 5], 2)).toBeNull();
    expect(new RegionIndex([]).at([0, 0], 5)).toBeNull();
  });

  test("is built again only when an outline has changed", () => {
    const a = region("a", sheetPart);
    const index = new RegionIndex([a]);
    expect(index.updated([{ ...a, text: "new" }])).toBe(index);
    expect(index.updated([{ ...a, points: moved(a.points, [1, 0]) }])).not.toBe(index);
    expect(index.updated([])).not.toBe(index);
  });
});
