/** Where ink begins and ends along a strip of the drawing: what a cross-hair leaps to. */
import type { Pixels } from "./rectify";
import { inkMask } from "./snap";

const AT_INK = 3; // columns; a cross-hair this near to ink stands at it already

/**
 * How many columns lie before the edge that is meant from the strip's first column: where the ink there ends, else where
 * the next ink begins, with one column of paper kept. Null without ink.
 *
 * @param gap Columns of paper that end a text; fewer lie between its letters.
 */
export function columnsToEdge(strip: Pixels, gap: number): number | null {
  const inked = inkedColumns(strip);
  const begin = inked.indexOf(true);
  if (begin < 0) return null;
  if (begin > AT_INK) return begin - 1;
  let end = begin;
  for (let column = begin; column < inked.length && column - end <= gap; column++) if (inked[column]) end = column;
  return end + 2;
}

function inkedColumns(strip: Pixels): boolean[] {
  const mask = inkMask(strip);
  if (mask === null) return [];
  return Array.from({ length: strip.width }, (_, column) => {
    for (let at = column; at < mask.length; at += strip.width) if (mask[at] === 1) return true;
    return false;
  });
}
