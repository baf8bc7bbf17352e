import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clockwiseFromTopLeft, threePointBox, twoClickBox } from "./construct";
import { angleOf, faultOf, heightOf, type Quad, quadOf, rotated, widthOf } from "./quad";

describe("two clicks", () => {
  test("make the same upright box from either diagonal and either end", () => {
    const wanted = quadOf({ left: 10, top: 20, right: 50, bottom: 30 });
    expect(twoClickBox([10, 20], [50, 30], 0)).toEqual(wanted);
    expect(twoClickBox([50, 20], [10, 30], 0)).toEqual(wanted);
    expect(twoClickBox([50, 30], [10, 20], 0)).toEqual(wanted);
  });

  test("on a sheet turned a quarter clockwise make a box whose text reads upwards on the sheet", () => {
    const quad = twoClickBox([10, 20], [30, 90], 1);
    expect(quad[0]).toEqual([10, 90]);
    expect(angleOf(quad)).toBeCloseTo(-Math.PI / 2);
    expect(faultOf(quad)).toBeNull();
  });
});

describe("three points", () => {
  test("make a slanted box that reads along its base line, whether that is the lower or the upper side", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3.1, max: 3.1, noNaN: true }),
        fc.integer({ min: 2, max: 400 }),
        fc.integer({ min: 2, max: 90 }),
        fc.boolean(),
        (angle, width, height, baseIsLower) => {
          const [start, end, deep, far] = rotated(quadOf({ left: 0, top: 0, right: width, bottom: height }), angle);
          const quad = baseIsLower ? threePointBox(far, deep, start) : threePointBox(start, end, deep);
          expect(quad).not.toBeNull();
          expect(faultOf(quad as Quad)).toBeNull();
          expect(angleOf(quad as Quad)).toBeCloseTo(angle, 5);
          expect(widthOf(quad as Quad)).toBeCloseTo(width, 5);
          expect(heightOf(quad as Quad)).toBeCloseTo(height, 5);
        },
      ),
    );
  });

  test("make nothing while the base line has no length", () => {
    expect(threePointBox([5, 5], [5, 5], [9, 9])).toBeNull();
  });
});

test("corners in any order become clockwise from the top left of the text", () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  fc.assert(
    fc.property(order, fc.double({ min: -3.1, max: 3.1, noNaN: true }), ([a, b, c, d], angle) => {
      const quad = rotated(quadOf({ left: 0, top: 0, right: 90, bottom: 30 }), angle);
      const shuffled = [a, b, c, d].map((index) => quad[index as number]) as unknown as Quad;
      expect(clockwiseFromTopLeft(shuffled, angle)).toEqual(quad);
    }),
  );
});
