// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OpenTask } from "../storage/open_task";
import { FakeServer, taskWith } from "../storage/server.fake";
import { CurrentRegion } from "./current_region";
import { Workbench } from "./workbench";

let bench: Workbench;
const field = () => document.querySelector<HTMLInputElement>("#text") as HTMLInputElement;
const button = (name: string) =>
  [...document.querySelectorAll("button")].find((each) => each.textContent === name) as HTMLButtonElement;
const rendered = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(async () => {
  const server = new FakeServer(taskWith("12 H7"));
  bench = new Workbench(await OpenTask.open({ work: server.work(), person: "ann", server, store: null }));
  bench.task.document.select(["12 H7"]);
  render(<CurrentRegion bench={bench} />, document.body);
  await rendered();
  return () => bench.task.close();
});

afterEach(() => render(null, document.body));

test("the palette puts its sign where the caret stands, and the field keeps the focus", async () => {
  field().focus();
  field().setSelectionRange(0, 0);
  button("⌀").click();
  await rendered();
  expect([field().value, document.activeElement]).toEqual(["⌀12 H7", field()]);
  expect(bench.task.document.current.value?.text).toBe("⌀12 H7");
});

test("a category is chosen, and the unreadable marked, by a click", async () => {
  button("Symbol").click();
  expect(bench.task.document.current.value?.category).toBe("symbol");
  button("Unreadable").click();
  await rendered();
  expect([bench.task.document.current.value?.ignore, field().value]).toEqual([true, "###"]);
});
