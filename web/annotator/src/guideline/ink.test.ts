import { expect, test } from "vitest";
import { inkShare } from "./ink";

const picture = (...greys: readonly number[]) => ({
  data: new Uint8ClampedArray(greys.flatMap((grey) => [grey, grey, grey, 255])),
});

test("white paper, grey paper and black paper hold no ink", () => {
  for (const grey of [255, 180, 0]) expect(inkShare(picture(...Array<number>(100).fill(grey)))).toBe(0);
  expect(inkShare(picture())).toBe(0);
});

test("dark pixels are ink, on white and on grey paper", () => {
  const paper = (grey: number) => Array<number>(90).fill(grey);
  const line = (grey: number) => Array<number>(10).fill(grey);
  expect(inkShare(picture(...paper(250), ...line(20)))).toBeCloseTo(0.1);
  expect(inkShare(picture(...paper(170), ...line(60)))).toBeCloseTo(0.1);
});

test("the noise of a scan is no ink", () => {
  expect(inkShare(picture(...Array.from({ length: 100 }, (_, index) => 215 + (index % 30))))).toBe(0);
});
