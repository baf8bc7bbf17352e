import { describe, expect, test } from "vitest";
import { Perspective } from "./perspective";
import { type Quad, quadOf } from "./quad";
import { type Pixels, rectified } from "./rectify";

/** A picture whose pixel (x, y) has the red x and the green y. */
function chart(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 0], i * 4);
  return { data, width, height };
}

const at = ({ data, width }: Pixels, x: number, y: number) => [
  ...data.slice((y * width + x) * 4, (y * width + x) * 4 + 2),
];

describe("rectifying", () => {
  test("an upright box of the same size copies its pixels", () => {
    const crop = rectified(chart(100, 80), quadOf({ left: 10, top: 20, right: 40, bottom: 30 }), 30, 10);
    expect(at(crop, 0, 0)).toEqual([10, 20]);
    expect(at(crop, 29, 9)).toEqual([39, 29]);
  });

  test("a text that reads upwards turns it upright", () => {
    const upwards: Quad = [
      [10, 60],
      [10, 20],
      [20, 20],
      [20, 60],
    ];
    const crop = rectified(chart(100, 80), upwards, 40, 10);
    expect(at(crop, 0, 0)).toEqual([10, 59]);
    expect(at(crop, 39, 9)).toEqual([19, 20]);
  });

  test("what lies outside the picture continues its edge", () => {
    const crop = rectified(chart(20, 20), quadOf({ left: -20, top: 5, right: 20, bottom: 15 }), 40, 10);
    expect(at(crop, 0, 0)).toEqual([0, 5]);
  });

  test("the plane of a quad has its corners at its own corners, also in perspective", () => {
    const quad: Quad = [
      [0, 0],
      [100, 10],
      [90, 50],
      [5, 40],
    ];
    const plane = Perspective.of(quad);
    plane.quad(0, 0, 1, 1).forEach((corner, index) => {
      expect(corner[0]).toBeCloseTo(quad[index]?.[0] as number);
      expect(corner[1]).toBeCloseTo(quad[index]?.[1] as number);
    });
  });
});
