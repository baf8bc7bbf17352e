// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OpenTask } from "../storage/open_task";
import { FakeServer, taskWith } from "../storage/server.fake";
import { SureDialog } from "./sure_dialog";
import { Workbench } from "./workbench";

let bench: Workbench;
const cells = () => [...document.querySelectorAll<HTMLElement>(".cell")];
const shown = () => cells().map((cell) => cell.querySelector(".drawing-text")?.textContent);
const accepted = () => bench.task.document.regions.value.filter((region) => region.accepted).map(({ text }) => text);
const rendered = () => new Promise((resolve) => setTimeout(resolve));

function press(key: string): void {
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

beforeEach(async () => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  const task = taskWith("a", "b", "c", "d");
  const texts = ["Scale", "Datum", "Scale", "Name"];
  const regions = task.regions.map((region, index) => ({
    ...region,
    text: texts[index] ?? "",
    confidence: index === 3 ? 0.5 : 0.95,
  }));
  const server = new FakeServer({ ...task, regions });
  bench = new Workbench(await OpenTask.open({ work: server.work(), person: "ann", server, store: null }));
  bench.surface.value = { show: () => undefined, drawing: signal(null) } as unknown as typeof bench.surface.value;
  bench.dialog.value = "sure";
  render(<SureDialog bench={bench} />, document.body);
  await rendered();
  return () => bench.task.close();
});

afterEach(() => {
  render(null, document.body);
  vi.unstubAllGlobals();
});

test("what is sure stands there with the same texts side by side, and one key accepts it in one step", () => {
  expect(shown()).toEqual(["Datum", "Scale", "Scale"]);
  cells()[0]?.focus();
  press("Enter");
  expect([accepted(), bench.dialog.value]).toEqual([["Scale", "Datum", "Scale"], null]);
  expect(bench.task.document.current.value?.text).toBe("Name");
  bench.run("undo");
  expect(accepted()).toEqual([]);
});

test("what is marked as wrong stays to be mended, and the work goes on there", async () => {
  cells()[0]?.focus();
  press("ArrowRight");
  expect(document.activeElement).toBe(cells()[1]);
  cells()[1]?.click();
  await rendered();
  expect(cells()[1]?.getAttribute("aria-pressed")).toBe("true");
  press("Enter");
  expect(accepted()).toEqual(["Datum", "Scale"]);
});

test("what is no text is taken away at once, and comes back when that is undone", async () => {
  cells()[0]?.focus();
  press("Delete");
  await rendered();
  expect(shown()).toEqual(["Scale", "Scale"]);
  expect(document.activeElement).toBe(cells()[0]);
  bench.run("undo");
  await rendered();
  expect(shown()).toEqual(["Datum", "Scale", "Scale"]);
});

test("a person chooses from where on a box is sure", async () => {
  const choice = document.querySelector("select");
  if (choice === null) throw new Error("there is no choice");
  choice.value = "0.98";
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  await rendered();
  expect(shown()).toEqual([]);
  choice.value = "0.9";
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  await rendered();
  expect(shown()).toHaveLength(3);
});
