import { expect, test } from "vitest";
import { moved, quadOf } from "../geometry/quad";
import { nudged } from "./nudge";

const SHEET = { width: 200, height: 100 };
const box = quadOf({ left: 10, top: 10, right: 60, bottom: 30 });
const other = moved(box, [100, 40]);
const nothing = new Map();

test("the arrow keys move all that is selected, or nothing over the sheet's edge", () => {
  const both = new Map([
    ["a", box],
    ["b", other],
  ]);
  expect([...nudged(both, [-10, 1], null, SHEET).values()]).toEqual([moved(box, [-10, 1]), moved(other, [-10, 1])]);
  expect(nudged(both, [-11, 0], null, SHEET)).toEqual(nothing);
});

test("a chosen corner moves alone", () => {
  const [topLeft, topRight, bottomRight, bottomLeft] = box;
  expect(nudged(new Map([["a", box]]), [1, 0], 2, SHEET)).toEqual(
    new Map([["a", [topLeft, topRight, [bottomRight[0] + 1, bottomRight[1]], bottomLeft]]]),
  );
});

test("a corner stays on the sheet, and where the box would lose its shape", () => {
  expect(nudged(new Map([["a", box]]), [-30, 0], 0, SHEET).get("a")?.[0]).toEqual([0, 10]);
  expect(nudged(new Map([["a", box]]), [80, 80], 0, SHEET)).toEqual(nothing);
});

test("of several selected boxes no corner is chosen", () => {
  const both = new Map([
    ["a", box],
    ["b", other],
  ]);
  expect(nudged(both, [1, 0], 0, SHEET).get("b")).toEqual(moved(other, [1, 0]));
});
