// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DrawingSurface } from "../canvas/drawing_surface";
import type { SheetFailure } from "../canvas/sheet";
import { chooseLanguage } from "../i18n/language";
import { OpenTask } from "../storage/open_task";
import { FakeServer, taskWith } from "../storage/server.fake";
import { StatusLine } from "./status_line";
import { Workbench } from "./workbench";

const failure = signal<SheetFailure | null>(null);
const said = () => document.querySelector("[data-about=drawing]")?.textContent;
const rendered = () => new Promise((resolve) => setTimeout(resolve));
const nothing = () => undefined;

beforeEach(async () => {
  const server = new FakeServer(taskWith("a"));
  const bench = new Workbench(await OpenTask.open({ work: server.work(), person: "ann", server, store: null }));
  bench.surface.value = { failure } as unknown as DrawingSurface; // the status line asks it for nothing else
  render(<StatusLine bench={bench} signIn={nothing} leave={nothing} />, document.body);
  return () => bench.task.close();
});

afterEach(() => {
  render(null, document.body);
  chooseLanguage("en");
  failure.value = null;
});

test.each([
  ["en", "missing", "A part of the drawing is missing."],
  ["en", "offline", "The drawing cannot be loaded now."],
  ["zh", "missing", "图纸缺少一部分。"],
  ["zh", "offline", "现在无法加载图纸"],
] as const)("says in one line, in %s, that the drawing is %s, until its tiles come", async (language, why, line) => {
  chooseLanguage(language);
  failure.value = why;
  await rendered();
  expect(said()).toContain(line);
  failure.value = null;
  await rendered();
  expect(said()).toBeUndefined();
});
