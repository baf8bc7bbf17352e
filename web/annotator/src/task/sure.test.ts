import { expect, test } from "vitest";
import { drawn, type Region } from "../document/region";
import { moved, quadOf } from "../geometry/quad";
import { sureRegions } from "./sure";

const PAGE = { width: 1000, height: 1000 };
let row = 0;

function region(id: string, text: string, change: Partial<Region> = {}): Region {
  const points = moved(quadOf({ left: 10, top: 10, right: 10 + 12 * text.length, bottom: 30 }), [0, 25 * row++]);
  return { ...drawn(points, "text", text), id, source: "machine", ...change };
}

const regions = [
  region("b", "Material"),
  region("dimension", "12.5", { category: "dimension" }),
  region("a", "Datum"),
  region("b2", "Material"),
  region("unsure", "Rev."),
  region("accepted", "Scale", { accepted: true }),
  region("typed", "Name", { source: "person" }),
  region("unreadable", "x", { ignore: true, text: "" }),
  region("no dimension", "ghost", { category: "dimension" }),
];
const confidence = new Map(regions.map(({ id }) => [id, id === "unsure" ? 0.89 : 0.95]));

test("sure are the machine's boxes that nobody has touched and the guideline has nothing against, alike texts together", () => {
  expect(sureRegions(regions, confidence, 0.9, PAGE).map(({ id }) => id)).toEqual(["a", "b", "b2", "dimension"]);
});

test("a person may ask for more or less", () => {
  expect(sureRegions(regions, confidence, 0.8, PAGE).map(({ id }) => id)).toContain("unsure");
  expect(sureRegions(regions, confidence, 0.98, PAGE)).toEqual([]);
});
