import { signal } from "@preact/signals";
import { beforeEach, describe, expect, test } from "vitest";
import type { Quad } from "../geometry/quad";
import { OpenTask } from "../storage/open_task";
import { FakeServer, taskWith } from "../storage/server.fake";
import { Workbench } from "./workbench";

let bench: Workbench;
let server: FakeServer;
const texts = () => bench.task.document.regions.value.map(({ text }) => text);
const current = () => bench.task.document.current.value;

beforeEach(async () => {
  const task = taskWith("a", "b", "c");
  const regions = task.regions.map((region, index) => ({ ...region, confidence: 0.9 - 0.2 * index }));
  server = new FakeServer({ ...task, regions });
  bench = new Workbench(await OpenTask.open({ work: server.work(), person: "ann", server, store: null }));
  bench.begin();
  return () => bench.task.close();
});

describe("a person at the drawing", () => {
  test("begins with what the machine was least sure of", () => {
    expect(current()?.id).toBe("c");
  });

  test("says that it is right and is at the next one", () => {
    bench.run("accept");
    expect(bench.task.document.byId.value.get("c")).toMatchObject({ accepted: true, source: "machine" });
    expect(current()?.id).toBe("b");
    for (const _ of [1, 2]) bench.run("accept");
    expect([bench.accepted.value, bench.remark.value]).toEqual([3, "all_accepted"]);
  });

  test("cannot accept a box without a text", () => {
    bench.type("c", "");
    bench.run("accept");
    expect([current()?.accepted, bench.remark.value]).toEqual([false, "text_missing"]);
  });

  test("types ### for what nobody can read, and something else when it can be read after all", () => {
    bench.type("c", "###");
    expect(current()).toMatchObject({ ignore: true, text: "" });
    bench.type("c", "⌀6");
    expect(current()).toMatchObject({ ignore: false, text: "⌀6" });
  });

  test("splits a text where the caret stands", () => {
    bench.type("c", "12.5 R3");
    bench.caret = 4;
    bench.run("split");
    expect(texts()).toEqual(["a", "b", "12.5", "R3"]);
    const [left, right] = bench.task.document.regions.value.slice(-2);
    expect(left?.points[1][0]).toBeCloseTo(10 + (80 * 4) / 7);
    expect(left?.points[1]).toEqual(right?.points[0]);
  });

  test("merges boxes in the order in which they are read", () => {
    bench.task.document.select(["b", "a"]);
    bench.run("merge");
    expect(texts()).toEqual(["a b", "c"]);
  });

  test("copies a box below itself, with its text and its category", () => {
    bench.run("copy");
    const [original, copy] = [bench.task.document.byId.value.get("c"), current()];
    expect(copy).toMatchObject({ text: "c", category: original?.category, source: "person", accepted: false });
    expect(copy?.points[0][1]).toBeGreaterThan(original?.points[2][1] ?? 0);
  });

  test("gives a new box the category that was chosen last", () => {
    bench.run("symbol");
    const box: Quad = [
      [0, 0],
      [50, 0],
      [50, 20],
      [0, 20],
    ];
    bench.edits.draw(box, false);
    expect(current()).toMatchObject({ category: "symbol", text: "", source: "person" });
  });

  test("is at the next box when one was deleted, and back at it when that is undone", () => {
    bench.run("delete");
    expect([texts(), current()?.id]).toEqual([["a", "b"], "b"]);
    bench.run("undo");
    expect([texts(), current()?.id]).toEqual([["a", "b", "c"], "c"]);
  });

  test("turns the reading direction of a box by quarters", () => {
    const before = current()?.points;
    for (const _ of [1, 2, 3, 4]) bench.run("turn_text");
    expect(current()?.points).toEqual(before);
  });

  test("keeps his own text unless he takes the machine's", () => {
    bench.type("c", "typed");
    bench.proposal.value = { id: "c", text: "read" };
    bench.decide(false);
    expect(current()?.text).toBe("typed");
    bench.proposal.value = { id: "c", text: "read" };
    bench.decide(true);
    expect(current()).toMatchObject({ text: "read", accepted: false });
  });

  describe("who moves a box", () => {
    const moved = () =>
      bench.edits.reshape(new Map([["c", (current()?.points ?? []).map(([x, y]) => [x + 5, y]) as unknown as Quad]]));
    const settled = () => new Promise((resolve) => setTimeout(resolve));

    beforeEach(() => {
      server.reads = "read anew";
      bench.surface.value = {
        show: () => undefined,
        drawing: signal(null),
        cropPng: async () => new Blob(),
      } as unknown as typeof bench.surface.value;
    });

    test("has it read again, as often as it is moved", async () => {
      moved();
      await settled();
      expect(current()).toMatchObject({ text: "read anew", accepted: false });
      server.reads = "read once more";
      moved();
      await settled();
      expect(current()?.text).toBe("read once more");
    });

    test("keeps what somebody has typed, and is not asked", async () => {
      bench.type("c", "typed");
      moved();
      await settled();
      expect([current()?.text, bench.dialog.value]).toEqual(["typed", null]);
    });

    test("keeps what somebody has accepted", async () => {
      bench.task.document.accept(["c"]);
      moved();
      await settled();
      expect(current()).toMatchObject({ text: "c", accepted: true });
    });

    test("keeps what is accepted before the machine has answered", async () => {
      moved();
      bench.run("accept");
      await settled();
      expect(bench.task.document.byId.value.get("c")).toMatchObject({ text: "c", accepted: true });
    });

    test("is not told where the machine cannot read", async () => {
      server.read = () => Promise.reject(new Error("no reader"));
      moved();
      await settled();
      expect([current()?.text, bench.remark.value]).toEqual(["c", null]);
    });
  });
});
