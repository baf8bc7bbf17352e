/** Which letters of a text another text does not have: the longest common subsequence is what both share. */

export interface Letters {
  readonly text: string;
  readonly differs: boolean;
}

const LONGEST = 400; // letters; longer texts that differ are marked whole, since nobody compares them by eye

/** A text in pieces that are shared with `other` and pieces that are not. */
export function compared(text: string, other: string): readonly Letters[] {
  if (text === other) return text === "" ? [] : [{ text, differs: false }];
  const [ours, theirs] = [[...text], [...other]];
  if (ours.length > LONGEST || theirs.length > LONGEST) return [{ text, differs: true }];
  const pieces: { text: string; differs: boolean }[] = [];
  let column = 0;
  const lengths = commonLengths(ours, theirs);
  ours.forEach((letter, row) => {
    while (column < theirs.length && at(lengths, row, column + 1) === at(lengths, row, column)) column++;
    const shared =
      column < theirs.length && theirs[column] === letter && at(lengths, row, column) > at(lengths, row + 1, column);
    if (shared) column++;
    const last = pieces.at(-1);
    if (last?.differs === !shared) last.text += letter;
    else pieces.push({ text: letter, differs: !shared });
  });
  return pieces;
}

/** Longest common subsequence of the two tails from (row, column) on. */
function commonLengths(ours: readonly string[], theirs: readonly string[]): readonly Uint16Array[] {
  const lengths = Array.from({ length: ours.length + 1 }, () => new Uint16Array(theirs.length + 1));
  for (let row = ours.length - 1; row >= 0; row--) {
    for (let column = theirs.length - 1; column >= 0; column--) {
      const length =
        ours[row] === theirs[column]
          ? 1 + at(lengths, row + 1, column + 1)
          : Math.max(at(lengths, row + 1, column), at(lengths, row, column + 1));
      (lengths[row] as Uint16Array)[column] = length;
    }
  }
  return lengths;
}

function at(lengths: readonly Uint16Array[], row: number, column: number): number {
  return lengths[row]?.[column] ?? 0;
}
