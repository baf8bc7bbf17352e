/** Random boxes for property tests. */
import fc from "fast-check";
import { quadOf, rotated } from "./quad";

/** Boxes of 4 to 500 pixels, turned by any angle. */
export const anyBox = fc
  .record({
    left: fc.integer({ min: 0, max: 5000 }),
    top: fc.integer({ min: 0, max: 5000 }),
    width: fc.integer({ min: 4, max: 500 }),
    height: fc.integer({ min: 4, max: 500 }),
    angle: fc.double({ min: -3.1, max: 3.1, noNaN: true }),
  })
  .map(({ left, top, width, height, angle }) =>
    rotated(quadOf({ left, top, right: left + width, bottom: top + height }), angle),
  );
