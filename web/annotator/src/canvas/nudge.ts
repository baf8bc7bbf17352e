/** What the arrow keys do to outlines. */
import { add, type Point } from "../geometry/point";
import { boundsOf, moved, type Quad } from "../geometry/quad";
import { cornerMoved } from "../geometry/reshape";
import { tidied } from "./tools/tool";
import type { Size } from "./view";

/** Of a quad: 0 is the top left of its text. */
export type Corner = 0 | 1 | 2 | 3;

/**
 * All outlines whole, or one corner of the only one.
 *
 * @param outlines By region id.
 * @param by Pixels of the sheet.
 * @returns Those that could move: none leaves the sheet, and none becomes what no text has.
 */
export function nudged(
  outlines: ReadonlyMap<string, Quad>,
  by: Point,
  corner: Corner | null,
  sheet: Size,
): ReadonlyMap<string, Quad> {
  const [only, ...more] = outlines;
  if (corner !== null && only !== undefined && more.length === 0) {
    const [id, quad] = only;
    const tidy = tidied(cornerMoved(quad, corner, add(quad[corner], by)), sheet);
    return tidy === null ? new Map() : new Map([[id, tidy]]);
  }
  const { left, top, right, bottom } = boundsOf([...outlines.values()].flatMap((quad) => moved(quad, by)));
  if (left < 0 || top < 0 || right > sheet.width || bottom > sheet.height) return new Map();
  return new Map([...outlines].map(([id, quad]) => [id, moved(quad, by)]));
}
