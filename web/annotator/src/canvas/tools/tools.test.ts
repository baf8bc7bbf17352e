import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";
import type { Point } from "../../geometry/point";
import { moved, type Quad, quadOf } from "../../geometry/quad";
import type { DrawnRegion } from "../ports";
import { RegionIndex } from "../region_index";
import { toScreen, type View } from "../view";
import { ThreePointTool, TwoClickTool } from "./draw_tools";
import { SelectTool } from "./select_tool";
import type { Pointing, Tool } from "./tool";

const box = (left: number, top: number): Quad => quadOf({ left, top, right: left + 100, bottom: top + 40 });

/** A sheet of 1,000 × 800 pixels with the regions a and b, and a hand that tools can be given to. */
function desk(view: View = { scale: 1, quarters: 0, x: 0, y: 0 }) {
  const region = (id: string, points: Quad): DrawnRegion => ({
    id,
    points,
    text: id,
    category: "text",
    ignore: false,
    source: "machine",
    accepted: false,
  });
  const regions = signal<readonly DrawnRegion[]>([region("a", box(100, 100)), region("b", box(300, 100))]);
  const selection = signal<readonly string[]>([]);
  const drawn: Quad[] = [];
  const reshaped: ReadonlyMap<string, Quad>[] = [];
  const opened: string[] = [];
  const index = new RegionIndex(regions.value);
  return {
    drawn,
    reshaped,
    opened,
    selection,
    desk: {
      sheet: { width: 1000, height: 800 },
      source: { regions, selection, confidence: new Map<string, number>() },
      edits: {
        draw: (points: Quad) => drawn.push(points),
        reshape: (outlines: ReadonlyMap<string, Quad>) => reshaped.push(outlines),
        select: (ids: readonly string[]) => {
          selection.value = ids;
        },
        open: (id: string) => opened.push(id),
      },
      view: () => view,
      index: () => index,
    },
    at: (place: Point, keys: Partial<Pointing> = {}): Pointing => ({
      place,
      screen: toScreen(view, place),
      reach: 6,
      shift: false,
      alt: false,
      control: false,
      stepped: false,
      ...keys,
    }),
  };
}

/** Press, one move, and let go; false where the tool leaves the pointer to panning. */
function drag(tool: Tool, from: Pointing, to: Pointing): boolean {
  const taken = tool.press(from);
  if (taken) {
    tool.drag(to);
    tool.drop(to);
  }
  return taken;
}

function click(tool: Tool, pointing: Pointing): void {
  tool.press(pointing);
  tool.click(pointing);
}

describe("the selecting tool", () => {
  test("selects what is clicked, adds with control, and nothing where nothing is", () => {
    const { desk: world, selection, at } = desk();
    const tool = new SelectTool(world);
    click(tool, at([150, 120]));
    expect(selection.value).toEqual(["a"]);
    click(tool, at([350, 120], { control: true }));
    expect(selection.value).toEqual(["a", "b"]);
    click(tool, at([150, 120], { control: true }));
    expect(selection.value).toEqual(["b"]);
    click(tool, at([700, 700]));
    expect(selection.value).toEqual([]);
  });

  test("leaves a drag over what is not selected to panning", () => {
    const { desk: world, reshaped, at } = desk();
    expect(drag(new SelectTool(world), at([150, 120]), at([200, 200]))).toBe(false);
    expect(reshaped).toEqual([]);
  });

  test("moves all that is selected, in one step, and not over the sheet's edge", () => {
    const { desk: world, selection, reshaped, at } = desk();
    selection.value = ["a", "b"];
    expect(drag(new SelectTool(world), at([150, 120]), at([160, 0]))).toBe(true);
    expect(reshaped).toEqual([
      new Map([
        ["a", moved(box(100, 100), [10, -100])],
        ["b", moved(box(300, 100), [10, -100])],
      ]),
    ]);
  });

  test("drags a corner and a side of the only selected region", () => {
    const { desk: world, selection, reshaped, at } = desk();
    selection.value = ["a"];
    const tool = new SelectTool(world);
    drag(tool, at([200, 140]), at([230, 150]));
    drag(tool, at([150, 100]), at([155, 90]));
    expect(reshaped.map((outlines) => outlines.get("a"))).toEqual([
      quadOf({ left: 100, top: 100, right: 230, bottom: 150 }),
      quadOf({ left: 100, top: 90, right: 200, bottom: 140 }),
    ]);
  });

  test("turns a region at its knob, by a quarter exactly when the hand is nearly there", () => {
    const { desk: world, selection, reshaped, at } = desk();
    selection.value = ["a"];
    drag(new SelectTool(world), at([150, 74]), at([200, 121]));
    const turned = reshaped[0]?.get("a");
    expect(turned?.[0]).toEqual([170, 70]);
    expect(turned?.[2]).toEqual([130, 170]);
  });

  test("selects all that a rubber band touches", () => {
    const { desk: world, selection, at } = desk();
    drag(new SelectTool(world), at([50, 50], { shift: true }), at([320, 110], { shift: true }));
    expect(selection.value).toEqual(["a", "b"]);
  });

  test("gives up a drag and changes nothing", () => {
    const { desk: world, selection, reshaped, at } = desk();
    selection.value = ["a"];
    const tool = new SelectTool(world);
    tool.press(at([150, 120]));
    tool.drag(at([180, 140]));
    expect(tool.draft.outlines.size).toBe(1);
    expect(tool.cancel()).toBe(true);
    expect(tool.draft.outlines.size).toBe(0);
    expect(reshaped).toEqual([]);
    expect(tool.cancel()).toBe(false);
  });

  test("opens the text of what is clicked twice", () => {
    const { desk: world, opened, at } = desk();
    new SelectTool(world).doubleClick(at([350, 120]));
    expect(opened).toEqual(["b"]);
  });
});

describe("the drawing tools", () => {
  test("draw a box by two clicks, and the same by a drag", () => {
    const { desk: world, drawn, at } = desk();
    const tool = new TwoClickTool(world);
    click(tool, at([500, 300]));
    tool.hover(at([520, 310]));
    expect(tool.draft.shape).toEqual(quadOf({ left: 500, top: 300, right: 520, bottom: 310 }));
    click(tool, at([600, 340]));
    drag(tool, at([600, 340]), at([500, 300]));
    expect(drawn).toEqual([box(500, 300), box(500, 300)]);
  });

  test("begin the text where the turned screen shows its top left", () => {
    const { desk: world, drawn, at } = desk({ scale: 1, quarters: 1, x: 800, y: 0 });
    drag(new TwoClickTool(world), at([500, 300]), at([540, 400]));
    expect(drawn[0]?.[0]).toEqual([500, 400]);
    expect(drawn[0]?.[1]).toEqual([500, 300]);
  });

  test("draw a slanted box by its base line and a place above it", () => {
    const { desk: world, drawn, at } = desk();
    const tool = new ThreePointTool(world);
    click(tool, at([500, 300]));
    click(tool, at([580, 360]));
    tool.hover(at([560, 300]));
    expect(tool.draft.shape).not.toBeNull();
    click(tool, at([530, 260]));
    expect(drawn).toEqual([
      [
        [530, 260],
        [610, 320],
        [580, 360],
        [500, 300],
      ],
    ]);
  });

  test("make nothing of a slip of the hand, and wait for the last place", () => {
    const { desk: world, drawn, at } = desk();
    const tool = new TwoClickTool(world);
    click(tool, at([500, 300]));
    click(tool, at([560, 301]));
    expect(drawn).toEqual([]);
    click(tool, at([600, 340]));
    expect(drawn).toEqual([box(500, 300)]);
  });

  test("give up what was begun", () => {
    const { desk: world, drawn, at } = desk();
    const tool = new ThreePointTool(world);
    click(tool, at([500, 300]));
    expect(tool.cancel()).toBe(true);
    expect(tool.draft.line).toBeNull();
    expect(drawn).toEqual([]);
  });
});
