import { afterEach, describe, expect, test } from "vitest";
import { COMMAND_NAMES, COMMANDS } from "./commands";
import { addKey, commandOf, keys, removeKey, resetKeys } from "./keys";

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

  test("are everybody's again when asked", () => {
    addKey("snap", "W");
    resetKeys();
    expect(commandOf.value.get("W")).toBe("draw");
  });
});
