import { expect, test } from "vitest";
import { columnsToEdge } from "./ink_edge";
import type { Pixels } from "./rectify";

/** A strip of three rows: `#` is ink in the middle one, everything else is paper. */
function strip(columns: string): Pixels {
  const data = new Uint8ClampedArray(columns.length * 3 * 4).fill(255);
  [...columns].forEach((column, index) => {
    if (column === "#") data.fill(0, (columns.length + index) * 4, (columns.length + index) * 4 + 3);
  });
  return { data, width: columns.length, height: 3 };
}

test.each([
  ["......##.##....", 5, "the paper before the next ink"],
  [".##.##.....##..", 7, "the paper behind the text that it stands at, over the gaps between letters"],
  ["##.##", 6, "the end of a text that goes to the strip's end"],
  ["...............", null, "nothing"],
])("from the beginning of %s a leap goes %s columns: %s", (columns, expected, _where) => {
  expect(columnsToEdge(strip(columns), 3)).toBe(expected);
});
