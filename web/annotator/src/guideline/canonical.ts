/** The one form of a text in labels: `canonical` of drawing_ocr/text.py, which says why. */

const SAME_SIGN: ReadonlyMap<string, string> = new Map([
  ["º", "°"],
  ["˚", "°"],
  ..."−–‐‑‒﹣".split("").map((dash) => [dash, "-"] as const),
  ..."✕✖⨯╳".split("").map((cross) => [cross, "×"] as const),
  ["⫽", "∥"],
  ["‖", "∥"],
  ["⟂", "⊥"],
  ["▱", "⏥"],
  ["⤓", "↧"],
  ["㎡", "m²"],
  ["㎥", "m³"],
  ..."∅⦰".split("").map((sign) => [sign, "⌀"] as const),
]);

const KEPT_BY_NFKC = "ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏ①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻½¼¾″‴";
const KEPT_SPLIT = new RegExp(`([${KEPT_BY_NFKC}]+)`);
const INVISIBLE = /(?!\s)[\p{Cf}\p{Cc}\p{Cs}]/gu;

const LETTER = "A-Za-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u0370-\\u03ff\\u0400-\\u04ff";
const DIAMETER_LETTERS = "ØøΦφϕФф";
const DIAMETER_LETTER = new RegExp(
  `(?:(?<![${LETTER}])|(?<=(?<![${LETTER}])[S]))[${DIAMETER_LETTERS}](?![${LETTER}])`,
  "g",
);
const TIMES = new RegExp(
  `([0-9] ?)[xX](?= ?(?:[0-9⌀${DIAMETER_LETTERS}(□⌴⌵]|[.,][0-9]|(?:SR|[RMC]) ?[0-9]|S[⌀${DIAMETER_LETTERS}]))` +
    `|([0-9])[xX](?![${LETTER}0-9])`,
  "g",
);
const WORD_X = new RegExp(
  `(?<=[${LETTER}]{2})×(?=[${LETTER}]|[,.;:)]|$| (?=[${LETTER}]))|(?<=[${LETTER}])×(?=[a-zß-öø-ÿ]{2}|[A-Z]{2})`,
  "g",
);

export function canonical(text: string): string {
  const parts = signs(text.replace(INVISIBLE, "")).split(KEPT_SPLIT);
  const folded = parts.map((part, index) => (index % 2 === 0 ? signs(part.normalize("NFKC")) : part));
  const spaced = folded.join("").trim().split(/\s+/).join(" ");
  const worded = spaced.replace(WORD_X, xOfTheSameCase);
  return worded
    .replace(TIMES, (_, spacedOut?: string, joined?: string) => `${spacedOut ?? ""}${joined ?? ""}×`)
    .replace(DIAMETER_LETTER, "⌀");
}

function signs(text: string): string {
  return Array.from(text, (character) => SAME_SIGN.get(character) ?? character).join("");
}

function xOfTheSameCase(_: string, at: number, text: string): string {
  return /\p{Lu}/u.test(text[at - 1] ?? "") && !/\p{Ll}/u.test(text[at + 1] ?? "") ? "X" : "x";
}
