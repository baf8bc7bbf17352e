import { describe, expect, test } from "vitest";
import { intersectionOverUnion } from "./overlap";
import { type Bounds, contains, type Quad, quadOf, rotated } from "./quad";
import type { Pixels } from "./rectify";
import { snappedToInk } from "./snap";

/** White paper with black ink where `ink` says so. */
function paper(width: number, height: number, ink: (x: number, y: number) => boolean, tone = 20): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    if (ink((i % width) + 0.5, Math.floor(i / width) + 0.5)) data.set([tone, tone, tone], i * 4);
  }
  return { data, width, height };
}

const within = ({ left, top, right, bottom }: Bounds, x: number, y: number) =>
  x >= left && x < right && y >= top && y < bottom;

/** Three letters, 10 × 16 pixels each. */
const letters: Bounds[] = [50, 64, 78].map((left) => ({ left, top: 40, right: left + 10, bottom: 56 }));
const word: Bounds = { left: 50, top: 40, right: 88, bottom: 56 };
const isLetter = (x: number, y: number) => letters.some((letter) => within(letter, x, y));
const tight = quadOf({ left: 49, top: 39, right: 89, bottom: 57 });

describe("snapping to ink", () => {
  test("shrinks a generous box to its letters and a pixel of paper", () => {
    const loose = quadOf({ left: 44, top: 34, right: 96, bottom: 62 });
    expect(intersectionOverUnion(snappedToInk(paper(160, 100, isLetter), loose) as Quad, tight)).toBeGreaterThan(0.97);
  });

  test("grows a box that cuts through its letters", () => {
    const cutting = quadOf({ left: 54, top: 42, right: 86, bottom: 54 });
    expect(intersectionOverUnion(snappedToInk(paper(160, 100, isLetter), cutting) as Quad, tight)).toBeGreaterThan(
      0.97,
    );
  });

  test("leaves out lines that come in from outside and the neighbour's letters", () => {
    const isLine = (x: number, y: number) => (y >= 60 && y < 62) || (x >= 92 && x < 94);
    const isNeighbour = (x: number, y: number) => within({ left: 100, top: 40, right: 110, bottom: 56 }, x, y);
    const crowded = paper(160, 100, (x, y) => isLetter(x, y) || isLine(x, y) || isNeighbour(x, y));
    const loose = quadOf({ left: 44, top: 34, right: 98, bottom: 64 });
    expect(intersectionOverUnion(snappedToInk(crowded, loose) as Quad, tight)).toBeGreaterThan(0.97);
  });

  test("keeps the angle of a slanted box", () => {
    const slanted = rotated(tight, 0.35);
    const ink = rotated(quadOf(word), 0.35);
    const sheet = paper(160, 120, (x, y) => contains(ink, [x, y]));
    const loose = rotated(quadOf({ left: 43, top: 35, right: 95, bottom: 61 }), 0.35);
    expect(intersectionOverUnion(snappedToInk(sheet, loose) as Quad, slanted)).toBeGreaterThan(0.9);
  });

  test("finds nothing on empty or evenly grey paper", () => {
    const box = quadOf({ left: 44, top: 34, right: 96, bottom: 62 });
    expect(
      snappedToInk(
        paper(160, 100, () => false),
        box,
      ),
    ).toBeNull();
    expect(snappedToInk(paper(160, 100, isLetter, 240), box)).toBeNull();
  });
});
