import { expect, test } from "vitest";
import { drawn } from "../document/region";
import { quadOf } from "../geometry/quad";
import { CATEGORY_COLOURS, CONFIDENCE_COLOURS, styleOf } from "./appearance";

const region = {
  ...drawn(quadOf({ left: 0, top: 0, right: 9, bottom: 9 }), "dimension", "12"),
  source: "machine" as const,
};

test("what the machine read is coloured by how sure it is, and the unsure is seen without its colour too", () => {
  const styles = [0.5, 0.8, 0.95].map((confidence) => styleOf(region, confidence));
  const { unsure, doubtful, sure } = CONFIDENCE_COLOURS;
  expect(styles.map(({ stroke }) => stroke)).toEqual([unsure, doubtful, sure]);
  expect(styles.map(({ width }) => width)).toEqual([2, 2, 1]);
});

test("what a person has accepted or changed has the colour of its category", () => {
  for (const seen of [
    { ...region, accepted: true },
    { ...region, source: "person" as const },
  ]) {
    expect(styleOf(seen, 0.5)).toMatchObject({ stroke: CATEGORY_COLOURS.dimension, fill: null });
  }
});

test("what nobody can read is crossed out", () => {
  expect(styleOf({ ...region, ignore: true }, 0.5).crossed).toBe(true);
});

test("white letters can be read on every colour", () => {
  for (const colour of [...Object.values(CATEGORY_COLOURS), ...Object.values(CONFIDENCE_COLOURS)]) {
    expect(1.05 / (luminance(colour) + 0.05), colour).toBeGreaterThanOrEqual(4.5);
  }
});

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
