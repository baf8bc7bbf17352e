// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { COMMAND_NAMES } from "./commands";
import { HelpDialog } from "./help_dialog";
import { commandOf, resetKeys } from "./keys";
import { say } from "./messages";

const rendered = () => new Promise((resolve) => setTimeout(resolve));
const named = (name: string) => document.querySelector<HTMLElement>(`[aria-label="${name}"]`) as HTMLElement;

beforeEach(async () => {
  render(<HelpDialog close={() => undefined} />, document.body);
  await rendered();
});

afterEach(() => {
  render(null, document.body);
  resetKeys();
});

test("every command stands there with its keys", () => {
  const shown = [...document.querySelectorAll(".commands li > span:first-child")].map((each) => each.textContent);
  expect(shown.toSorted()).toEqual(COMMAND_NAMES.map((name) => say(`command.${name}`)).toSorted());
  expect(named("Remove Z from: Arrows move the text's top left corner").textContent).toBe("Z");
  expect(named("Remove Ctrl+ArrowUp from: Cross-hair up to the next ink").textContent).toBe("Ctrl+↑");
});

test("a key is given to another command, and taken from one", async () => {
  named("Another key for: Fit to the ink").click();
  await rendered();
  named("Another key for: Fit to the ink").dispatchEvent(new KeyboardEvent("keydown", { key: "z", bubbles: true }));
  await rendered();
  expect(commandOf.value.get("Z")).toBe("snap");
  named("Remove Z from: Fit to the ink").click();
  expect(commandOf.value.get("Z")).toBeUndefined();
});
