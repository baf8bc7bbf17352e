import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBox } from "./boxes.arbitrary";
import { intersectionArea, intersectionOverUnion } from "./overlap";
import { areaOf, moved, type Quad, quadOf, rotated } from "./quad";

const square = quadOf({ left: 0, top: 0, right: 10, bottom: 10 });

describe("the overlap of two quads", () => {
  test("of a quad with itself is all of it", () => {
    fc.assert(
      fc.property(anyBox, (quad) => {
        expect(intersectionOverUnion(quad, quad)).toBeCloseTo(1, 6);
      }),
    );
  });

  test("of squares half over each other is a third, of squares apart nothing", () => {
    expect(intersectionOverUnion(square, moved(square, [5, 0]))).toBeCloseTo(1 / 3);
    expect(intersectionOverUnion(square, moved(square, [20, 0]))).toBe(0);
  });

  test("of a square with itself turned by an eighth is an octagon", () => {
    expect(intersectionArea(square, rotated(square, Math.PI / 4))).toBeCloseTo(100 * 2 * (Math.SQRT2 - 1));
  });

  test("counts no place twice and none outside where one quad is dented", () => {
    const dented: Quad = [
      [0, 0],
      [10, 0],
      [3, 3],
      [0, 10],
    ];
    const fromItsDent: Quad = [dented[1], dented[2], dented[3], dented[0]];
    expect(intersectionArea(dented, square)).toBeCloseTo(areaOf(dented));
    expect(intersectionArea(fromItsDent, square)).toBeCloseTo(areaOf(dented));
    expect(intersectionArea(dented, quadOf({ left: 4, top: 4, right: 9, bottom: 9 }))).toBeCloseTo(0);
  });

  test("is the same both ways and at most the smaller one", () => {
    fc.assert(
      fc.property(anyBox, anyBox, (a, b) => {
        expect(intersectionArea(a, b)).toBeCloseTo(intersectionArea(b, a), 3);
        expect(intersectionArea(a, b)).toBeLessThanOrEqual(Math.min(areaOf(a), areaOf(b)) + 1e-3);
      }),
    );
  });
});
