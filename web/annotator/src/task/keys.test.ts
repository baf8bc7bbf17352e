import { afterEach, describe, expect, test } from "vitest";
import { COMMAND_NAMES, COMMANDS } from "./commands";
import { addKey, commandOf, keys, removeKey, resetKeys, shownTogether } from "./keys";

describe("the keys", () => {
  afterEach(resetKeys);

  test("mean one command each", () => {
    const all = COMMAND_NAMES.flatMap((name) => COMMANDS[name].keys);
    expect(new Set(all).size).toBe(all.length);
  });

  test("are PPOCRLabel's where it has the command", () => {
    const known = {
      W: "draw",
      Q: "draw_slanted",
      D: "next",
      A: "previous",
      "Ctrl+E": "edit_text",
      F2: "edit_text",
      "Ctrl+R": "read_again",
      "Ctrl+G": "go_near",
      "Ctrl+C": "copy",
      "Ctrl+V": "submit",
      End: "submit",
      Home: "draw_slanted",
      Z: "corner_1",
      X: "corner_2",
      C: "corner_3",
      V: "corner_4",
      B: "whole_box",
      "Ctrl+Z": "undo",
    };
    for (const [key, command] of Object.entries(known)) expect(commandOf.value.get(key)).toBe(command);
  });

  test("can be changed: a key that is given away is no other command's", () => {
    addKey("snap", "W");
    expect(commandOf.value.get("W")).toBe("snap");
    expect(keys.value.get("draw")).toEqual([]);
    removeKey("snap", "I");
    expect(keys.value.get("snap")).toEqual(["Alt+I", "W"]);
  });

  test("are shown together where they belong together", () => {
    expect(shownTogether(["leap_left", "leap_right"])).toBe("Ctrl+← →");
    addKey("leap_left", "4");
    removeKey("leap_left", "Ctrl+ArrowLeft");
    expect(shownTogether(["leap_left", "leap_right"])).toBe("4 Ctrl+→");
  });

  test("are everybody's again when asked", () => {
    addKey("snap", "W");
    resetKeys();
    expect(commandOf.value.get("W")).toBe("draw");
  });
});
