import fc from "fast-check";
import { expect, test } from "vitest";
import { applied, difference, inverted } from "./edit";
import { anyRegions } from "./regions.arbitrary";

test("the difference of two lists makes one the other, and its inverse makes it back", () => {
  fc.assert(
    fc.property(anyRegions(), anyRegions(), (from, to) => {
      const edit = { kind: "import", changes: difference(from, to) } as const;
      expect(applied(from, edit)).toEqual(to);
      expect(applied(to, inverted(edit))).toEqual(from);
    }),
  );
});

test("an edit survives being stored as JSON", () => {
  fc.assert(
    fc.property(anyRegions(), anyRegions(), (from, to) => {
      const edit = { kind: "import", changes: difference(from, to) } as const;
      expect(applied(from, JSON.parse(JSON.stringify(edit)))).toEqual(to);
    }),
  );
});

test("a change of one region of a thousand is one small change", () => {
  const region = (id: number) =>
    ({
      id: `${id}`,
      points: [
        [0, 0],
        [9, 0],
        [9, 9],
        [0, 9],
      ],
      text: "",
      category: "text",
      ignore: false,
      source: "machine",
      accepted: false,
    }) as const;
  const from = Array.from({ length: 1000 }, (_, id) => region(id));
  const to = from.map((one) => (one.id === "500" ? { ...one, text: "⌀6" } : one));
  expect(difference(from, to)).toEqual([{ at: 500, before: from[500], after: to[500] }]);
});
