import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBox } from "./boxes.arbitrary";
import { intersectionOverUnion } from "./overlap";
import { areaOf, faultOf, moved, quadOf } from "./quad";
import { mergedBox, readingOrder, shareAlong, splitAt } from "./split_merge";

describe("split and merge", () => {
  test("the parts of a box cover it, in reading order, and make it again", () => {
    fc.assert(
      fc.property(anyBox, fc.double({ min: 0.2, max: 0.8, noNaN: true }), (quad, share) => {
        const [first, second] = splitAt(quad, share);
        expect(areaOf(first) + areaOf(second)).toBeCloseTo(areaOf(quad), 2);
        expect(readingOrder([second, first])).toEqual([1, 0]);
        expect(intersectionOverUnion(mergedBox([first, second]), quad)).toBeGreaterThan(0.999);
      }),
    );
  });

  test("the merged box is an outline that a text can have", () => {
    fc.assert(fc.property(anyBox, anyBox, (a, b) => faultOf(mergedBox([a, b])) === null));
  });

  test("a place on a text is a share of its length", () => {
    const quad = quadOf({ left: 100, top: 0, right: 300, bottom: 20 });
    expect(shareAlong(quad, [150, 3])).toBeCloseTo(0.25);
    expect(shareAlong(quad, [0, 0])).toBe(0);
    expect(shareAlong(quad, [999, 0])).toBe(1);
  });

  test("texts are read line by line", () => {
    const word = quadOf({ left: 0, top: 0, right: 40, bottom: 10 });
    expect(readingOrder([moved(word, [50, 14]), moved(word, [50, 1]), moved(word, [0, 13]), word])).toEqual([
      3, 1, 2, 0,
    ]);
  });
});
