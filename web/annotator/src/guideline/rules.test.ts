import { describe, expect, test } from "vitest";
// The cases that the Python module passes too (tests/drawing_ocr/labelling/test_guideline.py).
import cases from "../../../../tests/drawing_ocr/labelling/guideline_cases.json";
import { fastest } from "../bench/fastest";
import type { Region } from "../document/region";
import { canonical } from "./canonical";
import { check } from "./rules";

interface Case {
  readonly name: string;
  readonly page: readonly [number, number];
  readonly regions: readonly Region[];
  readonly ink?: Readonly<Record<string, number>>;
  readonly expect: readonly unknown[];
}

describe("the guideline's rules", () => {
  test.each(cases as unknown as readonly Case[])("$name", ({ page: [width, height], regions, ink, expect: wanted }) => {
    expect(check(regions, { width, height }, new Map(Object.entries(ink ?? {})))).toEqual(wanted);
  });

  test("look at five thousand regions without a pause that is felt", () => {
    const regions = Array.from({ length: 5000 }, (_, index) => {
      const [x, y] = [(index % 40) * 100, Math.floor(index / 40) * 40];
      const points = [
        [x, y],
        [x + 48, y],
        [x + 48, y + 20],
        [x, y + 20],
      ] as const;
      return { id: `${index}`, points, text: "12.5", category: "dimension", ignore: false } as const;
    });
    const page = { width: 4000, height: 5000 };
    expect(check(regions, page)).toEqual([]);
    expect(fastest(3, () => check(regions, page))).toBeLessThan(1000);
  });
});

describe("the canonical form", () => {
  // The examples of drawing_ocr/text.py.
  test.each([
    ["４－φ6.6 x 45º", "4-⌀6.6 × 45°"],
    ["Ångstrøm fi×ed", "Ångstrøm fixed"],
    ["⌖ ∅0.1 Ⓜ", "⌖ ⌀0.1 Ⓜ"],
    ["MA×.", "MAX."],
    ["M8x1.25", "M8×1.25"],
    ["10 mm²", "10 mm²"],
    ["直径φ50", "直径⌀50"],
  ])("of %s is %s, and of that itself", (text, form) => {
    expect(canonical(text)).toBe(form);
    expect(canonical(form)).toBe(form);
  });
});
