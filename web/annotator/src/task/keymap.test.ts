import { describe, expect, test } from "vitest";
import { belongsToText, engraved, nameOf, type Stroke } from "./keymap";

const stroke = (key: string, held: Partial<Stroke> = {}): Stroke => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe("the name of a stroke", () => {
  test.each([
    ["w", {}, "W"],
    ["W", { shiftKey: true }, "Shift+W"],
    ["?", { shiftKey: true }, "?"],
    [" ", {}, "Space"],
    ["Tab", { shiftKey: true }, "Shift+Tab"],
    ["z", { ctrlKey: true, code: "KeyZ" }, "Ctrl+Z"],
    ["Z", { ctrlKey: true, shiftKey: true, code: "KeyZ" }, "Ctrl+Shift+Z"],
    ["z", { metaKey: true, code: "KeyZ" }, "Ctrl+Z"],
    ["¡", { altKey: true, code: "Digit1" }, "Alt+1"],
    ["Enter", { ctrlKey: true, code: "Enter" }, "Ctrl+Enter"],
    ["Control", { ctrlKey: true }, null],
    ["Process", {}, null],
  ] as const)("of %s with %j is %s", (key, held, name) => {
    expect(nameOf(stroke(key, held))).toBe(name);
  });
});

test("a stroke is shown as it stands on the keys", () => {
  expect(["Ctrl+ArrowLeft", "ArrowDown", "F2"].map(engraved)).toEqual(["Ctrl+←", "↓", "F2"]);
});

describe("a text field", () => {
  test.each(["W", "?", "Delete", "Backspace", "ArrowLeft", "Ctrl+C", "Ctrl+A", "Ctrl+ArrowLeft", "0"])(
    "keeps %s",
    (key) => {
      expect(belongsToText(key)).toBe(true);
    },
  );

  test.each([
    "Enter",
    "Tab",
    "Shift+Tab",
    "Escape",
    "F2",
    "F1",
    "Ctrl+Enter",
    "Alt+1",
    "Ctrl+Z",
    "Ctrl+R",
    "Ctrl+Delete",
  ])("leaves %s to the screen", (key) => {
    expect(belongsToText(key)).toBe(false);
  });
});
