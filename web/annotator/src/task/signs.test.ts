import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical } from "../guideline/canonical";
import { expanded, finished, SIGNS } from "./signs";

const typed = (text: string) => expanded({ text, caret: text.length });

describe("a short name", () => {
  test("becomes its sign when a space finishes it, and the caret stays behind it", () => {
    expect(typed("4x\\dia ")).toEqual({ text: "4x⌀", caret: 3 });
    expect(expanded({ text: "\\pos  0.1 A", caret: 5 })).toEqual({ text: "⌖ 0.1 A", caret: 1 });
  });

  test("before the caret moves it, behind the caret it does not", () => {
    expect(expanded({ text: "12 \\deg ", caret: 1 })).toEqual({ text: "12 °", caret: 1 });
  });

  test("at the end is finished by Enter too", () => {
    expect(finished("45\\deg")).toBe("45°");
  });

  test("that nobody knows stays as it was typed", () => {
    expect(typed("C:\\temp ").text).toBe("C:\\temp ");
    expect(finished("\\temp")).toBe("\\temp");
  });

  test("belongs to one sign, which is spelt as the guideline spells it", () => {
    const names = SIGNS.flatMap((each) => each.names);
    expect(new Set(names).size).toBe(names.length);
    for (const { sign } of SIGNS) expect(canonical(`5 ${sign} 5`)).toContain(sign === "µ" ? "μ" : sign);
  });

  test("never changes a text without a backslash", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("\\")),
        (text) => {
          expect(typed(text).text).toBe(text);
          expect(finished(text)).toBe(text);
        },
      ),
    );
  });
});
