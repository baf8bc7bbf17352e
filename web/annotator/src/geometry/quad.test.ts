import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBox } from "./boxes.arbitrary";
import type { Point } from "./point";
import {
  angleOf,
  areaOf,
  contains,
  faultOf,
  heightOf,
  moved,
  outset,
  type Quad,
  quadOf,
  readFrom,
  rotated,
  widthOf,
} from "./quad";

const box = (left: number, top: number, right: number, bottom: number): Quad => quadOf({ left, top, right, bottom });

describe("a quad", () => {
  test("turned about its centre keeps its size and gets the angle", () => {
    const turned = rotated(box(0, 0, 100, 20), 0.3);
    expect(widthOf(turned)).toBeCloseTo(100);
    expect(heightOf(turned)).toBeCloseTo(20);
    expect(angleOf(turned)).toBeCloseTo(0.3);
  });

  test("read a quarter further clockwise begins at its second corner and reads downwards", () => {
    const down = readFrom(box(0, 0, 20, 100), 1);
    expect(down[0]).toEqual([20, 0]);
    expect(angleOf(down)).toBeCloseTo(Math.PI / 2);
    expect(readFrom(down, -1)).toEqual(box(0, 0, 20, 100));
  });

  test("contains its centre and none of the places beyond its sides", () => {
    fc.assert(
      fc.property(anyBox, (quad) => {
        const [a, , c] = quad;
        const centre: Point = [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2];
        expect(contains(quad, centre)).toBe(true);
        expect(contains(quad, [c[0] + (c[0] - centre[0]), c[1] + (c[1] - centre[1])])).toBe(false);
      }),
    );
  });

  test("with room around it is as much wider and higher as the room on both sides", () => {
    fc.assert(
      fc.property(anyBox, (quad) => {
        const wide = outset(quad, 7);
        expect(widthOf(wide)).toBeCloseTo(widthOf(quad) + 14, 3);
        expect(heightOf(wide)).toBeCloseTo(heightOf(quad) + 14, 3);
        expect(angleOf(wide)).toBeCloseTo(angleOf(quad), 5);
      }),
    );
  });

  test("has the same area wherever it is moved", () => {
    fc.assert(
      fc.property(anyBox, fc.integer({ min: -99, max: 99 }), (quad, by) => {
        expect(areaOf(moved(quad, [by, -by]))).toBeCloseTo(areaOf(quad), 3);
      }),
    );
  });
});

describe("the fault of four corners", () => {
  test("is none for a clockwise box, however it is turned, and for a dented one", () => {
    fc.assert(fc.property(anyBox, (quad) => faultOf(quad) === null));
    expect(
      faultOf([
        [0, 0],
        [10, 0],
        [3, 3],
        [0, 10],
      ]),
    ).toBeNull();
  });

  test("tells what is wrong", () => {
    const [a, b, c, d] = box(0, 0, 10, 10);
    expect(faultOf([a, d, c, b])).toBe("counter-clockwise");
    expect(faultOf([a, b, [Number.NaN, 0], d])).toBe("not finite");
    expect(faultOf(box(0, 0, 10, 0.05))).toBe("too small");
    expect(faultOf([a, b, c, [5, -3]])).toBe("sides cross");
  });
});
