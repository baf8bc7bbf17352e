import { beforeEach, expect, test } from "vitest";
import type { Point } from "../geometry/point";
import { type Quad, quadOf } from "../geometry/quad";
import { Crosshair } from "./crosshair";
import { RegionIndex } from "./region_index";
import { ThreePointTool, TwoClickTool } from "./tools/draw_tools";
import type { Desk, Tool } from "./tools/tool";
import { toScreen, type View } from "./view";

const SCREEN = { width: 400, height: 300 };
let view: View;
let tool: Tool;
let drawn: { readonly points: Quad; readonly loose: boolean }[];
/** Where the next ink is, by the way that is looked along; a promise, for the drawing takes its time. */
let ink: (from: Point, to: Point) => Promise<Point | null>;
let crosshair: Crosshair;

const desk = {
  sheet: { width: 1000, height: 800 },
  edits: { draw: (points: Quad, loose: boolean) => drawn.push({ points, loose }) },
  view: () => view,
  index: () => new RegionIndex([]),
} as unknown as Desk;

beforeEach(() => {
  view = { scale: 0.5, quarters: 0, x: 0, y: 0 };
  tool = new TwoClickTool(desk);
  drawn = [];
  ink = async () => null;
  crosshair = new Crosshair({
    tool: () => tool,
    view: () => view,
    look: (looked) => {
      view = looked;
    },
    screen: () => SCREEN,
    onSheet: ([x, y]) => [Math.min(1000, Math.max(0, x)), Math.min(800, Math.max(0, y))],
    edge: (from, to) => ink(from, to),
    changed: () => undefined,
  });
  crosshair.begin([200, 150]);
});

test("a box is drawn by steps and Enter, and its corners are only about right", async () => {
  await crosshair.set();
  void crosshair.step([1, 0], 40);
  void crosshair.step([0, 1], 8);
  expect(tool.progress).toEqual({ set: 1, needed: 2 });
  await crosshair.set();
  expect(drawn).toEqual([{ points: quadOf({ left: 400, top: 300, right: 480, bottom: 316 }), loose: true }]);
});

test("a slanted box takes three places", async () => {
  tool = new ThreePointTool(desk);
  crosshair.begin([200, 150]);
  for (const direction of [[1, 0], [0, -1], null] as const) {
    await crosshair.set();
    if (direction !== null) await crosshair.step(direction, 20);
  }
  expect(drawn.map(({ points }) => points)).toEqual([quadOf({ left: 400, top: 260, right: 440, bottom: 300 })]);
});

test("keys go the ways of the screen when the sheet is turned", async () => {
  view = { scale: 0.5, quarters: 1, x: 400, y: 0 };
  crosshair.begin([200, 150]);
  const before = tool.draft.cross as Point;
  await crosshair.step([0, 1], 10);
  expect(tool.draft.cross).toEqual([before[0] + 20, before[1]]);
});

test("a leap goes to the ink, and without ink half a screen on", async () => {
  ink = async ([x, y]) => [x + 30, y];
  await crosshair.leap([1, 0]);
  expect(tool.draft.cross).toEqual([430, 300]);
  ink = async () => null;
  await crosshair.leap([-1, 0]);
  expect(tool.draft.cross).toEqual([30, 300]);
});

test("keys wait for the leap before them", async () => {
  let found: (place: Point) => void = () => undefined;
  ink = () =>
    new Promise((resolve) => {
      found = resolve;
    });
  void crosshair.leap([1, 0]);
  const set = crosshair.set();
  await Promise.resolve();
  await Promise.resolve();
  expect(tool.progress?.set).toBe(0);
  found([500, 300]);
  await set;
  await crosshair.step([1, 1], 20);
  expect(tool.draft.shape?.[0]).toEqual([500, 300]);
});

test("the sheet follows the cross-hair over the screen's edge, and it stays on the sheet", async () => {
  for (let step = 0; step < 20; step++) await crosshair.step([1, 0], 40);
  expect(tool.draft.cross).toEqual([1000, 300]);
  expect(toScreen(view, [1000, 300])[0]).toBeLessThan(SCREEN.width);
});

test("what was begun is given up, and the cross-hair stays", async () => {
  await crosshair.set();
  await crosshair.step([1, 0], 40);
  expect([tool.cancel(), tool.draft.shape, tool.draft.cross]).toEqual([true, null, [480, 300]]);
  await crosshair.step([1, 0], 5);
  expect(tool.draft.cross).toEqual([490, 300]);
});
