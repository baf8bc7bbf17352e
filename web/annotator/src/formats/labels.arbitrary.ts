/** Random labels for the property tests. */
import fc from "fast-check";
import { CATEGORIES } from "../document/region";
import type { Point } from "../geometry/point";
import type { Quad } from "../geometry/quad";
import { type Label, UNREADABLE } from "./label";

export const WIDTH = 1200;
export const HEIGHT = 900;

const coordinate = (low: number, high: number): fc.Arbitrary<number> =>
  fc.double({ min: low, max: high, noNaN: true, noDefaultInfinity: true });

/** Rectangles of any turn within the page, with slightly moved corners: what people draw around text. */
export const quads: fc.Arbitrary<Quad> = fc
  .record({
    width: coordinate(12, 200),
    height: coordinate(12, 60),
    turn: coordinate(-Math.PI, Math.PI),
    x: coordinate(150, WIDTH - 150),
    y: coordinate(150, HEIGHT - 150),
    moved: fc.array(coordinate(-1.5, 1.5), { minLength: 8, maxLength: 8 }),
  })
  .map(({ width, height, turn, x, y, moved }) => {
    const corner = (side: number, up: number, index: number): Point => {
      const [dx, dy] = [(side * width) / 2, (up * height) / 2];
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      return [x + dx * cos - dy * sin + (moved[index] ?? 0), y + dx * sin + dy * cos + (moved[index + 1] ?? 0)];
    };
    return [corner(-1, -1, 0), corner(1, -1, 2), corner(1, 1, 4), corner(-1, 1, 6)];
  });

export const readableText: fc.Arbitrary<string> = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(..."⌀±°×□↧⌴⌵⌖Ⓜ图纸\"'\\,;\t\r\n\u2028𝛼 "),
      fc.string({ unit: "grapheme", maxLength: 1 }),
    ),
  })
  .filter((text) => text.trim() !== "" && ![UNREADABLE, "other_info"].includes(text));

export const labels: fc.Arbitrary<Label> = fc
  .record({ points: quads, text: readableText, category: fc.constantFrom(...CATEGORIES), ignore: fc.boolean() })
  .map((label) => (label.ignore ? { ...label, text: "" } : label));
