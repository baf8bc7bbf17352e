// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AnnotationDocument } from "../document/document";
import { type MachineRegion, type Region, unseen } from "../document/region";
import type { Answer, Task } from "../document/task";
import { VersionsPanel } from "./versions_panel";

/** One text a line: its number is its place on the page. */
function seen(line: number, text: string, change: Partial<Region> = {}): Region {
  const [top, bottom] = [100 * line, 100 * line + 20];
  const points = [
    [100, top],
    [140, top],
    [140, bottom],
    [100, bottom],
  ] as const;
  const id = `r${line}`;
  return { id, points, text, category: "dimension", ignore: false, source: "machine", accepted: false, ...change };
}

function agreed({ source: _, accepted: __, ...region }: Region, confidence: number): MachineRegion {
  return { ...region, confidence };
}

function answer(...regions: Region[]): Answer {
  const cost = { seconds: 1, keystrokes: 1, clicks: 1 };
  return { schema: 1, job: "j", task: "t", status: "labelled", reason: "", regions, ...cost };
}

// By line: another text, another category, not seen by A, seen by A alone, as A says but unsure, unreadable to A, agreed.
const [text, category, same, readable, undisputed] = [
  seen(1, "⌀12 H1"),
  seen(2, "R5"),
  seen(5, "M6"),
  seen(6, "0,2"),
  seen(7, "A-A"),
];
const OTHERS = answer(text, category, seen(3, "3×45°"), same, readable, undisputed);
const A = answer(
  { ...text, text: "⌀12 H7" },
  { ...category, category: "text" },
  seen(4, "B"),
  same,
  { ...readable, text: "", ignore: true },
  undisputed,
);
const REGIONS = OTHERS.regions.map((region) => agreed(region, region === undisputed ? 0.95 : 0.5));
const TASK: Task = {
  schema: 1,
  job: "j",
  task: "t",
  image: { uri: "s3://b/x.png", version_id: null, width: 500, height: 1000 },
  pyramid: { uri: "s3://b/p", tile: 512, levels: 1 },
  model: null,
  regions: REGIONS,
  round: "review",
  versions: [A, OTHERS, OTHERS],
};
const DRAWING = { show: () => undefined, crop: () => new Promise<ImageData>(() => undefined) };

let opened: AnnotationDocument;

beforeEach(async () => {
  opened = new AnnotationDocument(REGIONS.map(unseen));
  render(<VersionsPanel task={TASK} document={opened} drawing={DRAWING} />, document.body);
  await painted();
});

afterEach(() => render(null, document.body));

const status = () => document.querySelector("[role=status]")?.textContent;
const rendered = () => Promise.resolve();
/** Past the next picture of the screen, after which Preact runs effects. */
const painted = () => new Promise((resolve) => setTimeout(resolve, 150));

function press(letter: string): void {
  const stroke = { key: letter, code: `Key${letter.toUpperCase()}`, altKey: true, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new KeyboardEvent("keydown", stroke));
}

test.each([
  ["after each picture of the screen", painted],
  ["faster than the screen is painted", rendered],
  ["faster than the page renders", () => undefined],
])("one key decides a difference of whatever kind, pressed %s", async (_, pause) => {
  expect(status()).toBe("0 of 6 differences decided");
  for (const _ of [1, 2, 3, 4, 5, 6]) {
    press("a");
    await pause();
  }
  await painted();
  expect(status()).toBe("6 of 6 differences decided");
  const said = opened.regions.value.map(({ text, category, ignore }) => [ignore ? "###" : text, category]);
  expect(said.sort()).toEqual(A.regions.map(({ text, category, ignore }) => [ignore ? "###" : text, category]).sort());
  expect(opened.regions.value.every(({ accepted }) => accepted)).toBe(true);
});

test("nothing stands where a reviewer says so, however fast, and what all agree on is left", async () => {
  for (const _ of [1, 2, 3, 4, 5, 6]) press("x");
  await painted();
  expect(status()).toBe("6 of 6 differences decided");
  expect(opened.regions.value).toEqual([{ ...undisputed, accepted: true }]);
});

test("a decision is about the box that was selected on the drawing just before", () => {
  opened.select(["r6"]);
  press("a");
  expect(opened.byId.value.get("r6")).toMatchObject({ ignore: true, accepted: true });
  expect(opened.byId.value.get("r1")).toMatchObject({ text: "⌀12 H1", accepted: false });
});
