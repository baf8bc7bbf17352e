import fc from "fast-check";
import { expect, test } from "vitest";
import { compared } from "./letters";

const shared = (text: string, other: string) =>
  compared(text, other)
    .filter(({ differs }) => !differs)
    .map((piece) => piece.text)
    .join("");

test.each([
  [
    "⌀50",
    "050",
    [
      ["⌀", true],
      ["50", false],
    ],
  ],
  ["R12", "R12", [["R12", false]]],
  [
    "4×⌀6.6",
    "4x⌀6,6",
    [
      ["4", false],
      ["×", true],
      ["⌀6", false],
      [".", true],
      ["6", false],
    ],
  ],
  ["", "x", []],
  ["x", "", [["x", true]]],
])("%s against %s", (text, other, pieces) => {
  expect(compared(text, other).map((piece) => [piece.text, piece.differs])).toEqual(pieces);
});

const texts = fc.string({ unit: fc.constantFrom("⌀", "0", "O", ".", "5"), maxLength: 12 });

test("the pieces are the text, and both texts share as much whichever is marked", () => {
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      expect(
        compared(text, other)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
      expect(shared(text, other).length).toBe(shared(other, text).length);
      expect(isSubsequence(shared(text, other), other)).toBe(true);
    }),
  );
});

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const letter of whole) if (part[at] === letter) at++;
  return at === part.length;
}
