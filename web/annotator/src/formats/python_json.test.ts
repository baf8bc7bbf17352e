import fc from "fast-check";
import { expect, test } from "vitest";
import { Float, pythonFloat, pythonJson } from "./python_json";

test.each([
  [0, "0.0"],
  [-0, "-0.0"],
  [10, "10.0"],
  [0.1, "0.1"],
  [123456789012345680, "1.2345678901234568e+17"],
  [1e15, "1000000000000000.0"],
  [1e16, "1e+16"],
  [9007199254740992, "9007199254740992.0"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [0.000012345, "1.2345e-05"],
  [5e-324, "5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [-12.5, "-12.5"],
])("the float %d is written as Python's repr: %s", (value, written) => {
  expect(pythonFloat(value)).toBe(written);
});

test("a float is given back by what is written", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Object.is(Number(pythonFloat(value)), value)).toBe(true);
    }),
  );
});

test("a whole number without a mark stands without a point, as PaddleOCR's own files have it", () => {
  expect(pythonJson([1, 2.5, 1e21, new Float(1)])).toBe("[1, 2.5, 1000000000000000000000, 1.0]");
});

test("levels are indented as json.dumps does, empty ones stay in the line", () => {
  const value = { a: [1, { b: "⌀" }], c: {}, d: [], e: null, f: true };
  expect(pythonJson(value, 2)).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": "⌀"\n    }\n  ],\n  "c": {},\n  "d": [],\n  "e": null,\n  "f": true\n}',
  );
});

test("what is written is the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      // JSON has no negative zero apart from floats.
      expect(JSON.parse(pythonJson(value as never))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
