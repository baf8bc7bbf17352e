import { expect, test } from "vitest";
import { fastest } from "../bench/fastest";
import { AnnotationDocument } from "../document/document";
import { type MachineRegion, type Region, unseen } from "../document/region";
import type { Answer } from "../document/task";
import { differences, take } from "./differences";

function box(id: string, left: number, text: string, change: Partial<Region> = {}): Region {
  const points = [
    [left, 10],
    [left + 40, 10],
    [left + 40, 30],
    [left, 30],
  ] as const;
  return { id, points, text, category: "dimension", ignore: false, source: "person", accepted: true, ...change };
}

function agreed(region: Region, confidence = 0.95): MachineRegion {
  const { source: _, accepted: __, ...rest } = region;
  return { ...rest, confidence };
}

function answer(...regions: Region[]): Answer {
  const cost = { seconds: 1, keystrokes: 1, clicks: 1 };
  return { schema: 1, job: "j", task: "t", status: "labelled", reason: "", regions, ...cost };
}

test("what everybody says is no difference, also when the boxes are a little apart and have other names", () => {
  const regions = [agreed(box("a", 100, "⌀50"))];
  expect(differences({ regions, versions: [answer(box("x", 101, "⌀50")), answer(box("y", 103, "⌀50"))] })).toEqual([]);
});

test.each([
  ["text", box("x", 100, "050")],
  ["category", box("x", 100, "⌀50", { category: "symbol" })],
  ["text", box("x", 100, "⌀50", { ignore: true })],
  ["place", box("x", 122, "⌀50")],
])("a difference about the %s is found", (about, other) => {
  const said = [box("a", 100, "⌀50"), box("b", 100, "⌀50")];
  const consensus = agreed(about === "place" ? box("c", 110, "⌀50") : box("c", 100, "⌀50"));
  const [found] = differences({ regions: [consensus], versions: [answer(said[0] as Region), answer(other)] });
  expect([...(found?.about ?? [])]).toEqual([about]);
  expect(found?.said).toEqual([said[0], other]);
});

test("what only one person saw is a difference, and stands where it is on the page", () => {
  const regions = [agreed(box("c", 300, "R5"), 0.5)];
  const extra = box("x", 500, "A");
  const found = differences({ regions, versions: [answer(box("a", 300, "R5"), extra), answer(box("b", 300, "R5"))] });
  expect(found.map(({ id, consensus, about }) => [id, consensus?.id, [...about]])).toEqual([
    ["c", "c", ["unsure"]],
    ["taken-0-x", undefined, ["missing"]],
  ]);
  expect(found[1]?.said).toEqual([extra, null]);
});

test("one region of the machine that two people moved to two places is two differences", () => {
  const versions = [answer(box("r1", 100, "A")), answer(box("r1", 500, "A")), answer()];
  const found = differences({ regions: [], versions });
  expect(found.map(({ id }) => id)).toEqual(["taken-0-r1", "taken-1-r1"]);
});

test("two neighbours are told apart by their best overlap", () => {
  const regions = [agreed(box("l", 100, "1")), agreed(box("r", 130, "2"))];
  const versions = [answer(box("r1", 131, "2"), box("l1", 101, "1")), answer(box("l2", 100, "1"), box("r2", 130, "3"))];
  const found = differences({ regions, versions });
  expect(found.map(({ id, said }) => [id, said.map((region) => region?.text)])).toEqual([["r", ["2", "3"]]]);
});

test("taking a version puts it into the document as one step, and says that a person decided", () => {
  const regions = [agreed(box("c", 100, "⌀50"))];
  const [found] = differences({ regions, versions: [answer(box("x", 100, "⌀50")), answer(box("y", 104, "050"))] });
  const document = new AnnotationDocument(regions.map(unseen));
  if (found === undefined) throw new Error("no difference");
  take(document, found, 1);
  expect(document.regions.value).toEqual([box("c", 104, "050")]);
  expect(document.selection.value).toEqual(["c"]);
  document.undo();
  expect(document.regions.value[0]?.text).toBe("⌀50");
});

test("taking the version of who saw nothing removes the region; of who saw something adds it", () => {
  const regions = [agreed(box("c", 100, "⌀50"))];
  const extra = box("e", 400, "A");
  const found = differences({ regions, versions: [answer(extra), answer(box("y", 100, "⌀50"))] });
  const document = new AnnotationDocument(regions.map(unseen));
  for (const difference of found) take(document, difference, 0);
  expect(document.regions.value).toEqual([{ ...extra, id: "taken-0-e" }]);
});

test("five thousand regions of three people are compared in less than a second", () => {
  const regions = Array.from({ length: 5000 }, (_, index) => agreed(box(`c${index}`, index * 45, "1")));
  const said = regions.map((region, index) => box(`p${index}`, index * 45, index % 100 ? region.text : "7"));
  const versions = [answer(...said), answer(...said), answer(...regions.map(unseen))];
  expect(differences({ regions, versions })).toHaveLength(50);
  expect(fastest(3, () => differences({ regions, versions }))).toBeLessThan(1000);
});
