/**
 * The rules of the labelling guideline that a machine can check: drawing_ocr/labelling/guideline.py in TypeScript. Both
 * pass the cases of tests/drawing_ocr/labelling/guideline_cases.json.
 */
import type { Category, Region } from "../document/region";
import { distance, type Point } from "../geometry/point";
import { faultOf, heightOf, mapped, type Quad, readFrom, widthOf } from "../geometry/quad";
import { canonical } from "./canonical";
import { isDimension } from "./dimension";

/** In the order in which a region's findings are listed. */
export type Rule =
  | "corners"
  | "outside_page"
  | "tiny"
  | "duplicate"
  | "no_ink"
  | "text_missing"
  | "spelling"
  | "dimension"
  | "confusion"
  | "category"
  | "shape";

/** An answer that breaks these is not taken. */
export const BINDING: ReadonlySet<Rule> = new Set(["corners", "text_missing"]);

/** What one key changes of the region; what is left out stays. `delete` takes the region away. */
export interface Fix {
  readonly points?: Quad;
  readonly text?: string;
  readonly category?: Category;
  readonly ignore?: true;
  readonly delete?: true;
}

export interface Finding {
  readonly rule: Rule;
  readonly region: string;
  /** Null where only a person can tell. */
  readonly fix: Fix | null;
}

export interface Page {
  readonly width: number;
  readonly height: number;
}

type Checked = Pick<Region, "id" | "points" | "text" | "category" | "ignore">;
type Broken = readonly [Rule, Fix | null];

const [LOWEST, NARROWEST] = [5, 2]; // pixels
const SAME_CORNER = 0.5; // of the line height
const LEAST_INK = 0.005; // share of dark pixels
const [NARROW, WIDE] = [0.55, 1]; // width of a letter over the height of its line
const [SHORTEST, LONGEST] = [0.3, 4]; // times the expected length
const SHORTEST_TEXT = 3; // characters

/** ISO 1101 and ISO 21920: `SymbolClass.GDT` and `.ROUGHNESS` of drawing_ocr/text.py. */
const SYMBOL = /[⌖⌒⌓⏥⏤○◯◎⌭∥⊥∠⌯↗⌰ⒺⒻⓁⓂⓅⓉⓊ]|R(?:a|z|q|t|max) ?[0-9]|[√▽∇]/;
const DIMENSION_SIGN = /[⌀±°×□↧⌴⌵]|^S?R ?[0-9]|^M[0-9]/;
const NOTE = /[A-Za-z]{4}|[\u3400-\u9fff]/;
const DIAMETER_MISREAD = /(^|[^A-Za-z0-9.,])[OQ0](?=[0-9])/g;
const DEGREE_MISREAD = /(?<=[0-9OlI])o(?![A-Za-z0-9])/g;
const DIGITS_READ_AS_LETTERS: ReadonlyMap<string, string> = new Map(
  Array.from("OoQDlI|iSsBZz", (letter, index) => [letter, "0000111155822"[index] ?? letter]),
);
/** A text may be a word or a name: only what stands within a number is taken for a part of it. */
const DIAMETER_IN_TEXT = /(^|[^A-Za-z0-9.,])[O0](?=[0-9])/g;
const DIGIT_IN_TEXT = /(?<=[0-9.,])[OolI|](?![A-Za-z])|(?<![A-Za-z0-9])[lI|](?=[0-9.,])/g;
const ZONE_MISREAD = /(?<![0-9.,])0(?=0[.,])/g;
/** East Asian Width W and F, as far as drawings have them: https://www.unicode.org/reports/tr11/ */
const WIDE_CHARACTER =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/;

/**
 * What the guideline says about an answer: findings in the order of the regions.
 *
 * @param ink Share of dark pixels in the box, by region id, where somebody has looked at the picture.
 */
export function check(
  regions: readonly Checked[],
  page: Page,
  ink: ReadonlyMap<string, number> = new Map(),
): Finding[] {
  const middles = regions.map(({ points }) => middleOf(points));
  return regions.flatMap((region, index) => {
    const broken: Broken[] = [
      ...ofPlace(region, page),
      ...ofNeighbours(index, regions, middles),
      ...ofInk(ink.get(region.id)),
      ...ofText(region),
    ];
    return broken.map(([rule, fix]) => ({ rule, region: region.id, fix }));
  });
}

function ofPlace({ points }: Checked, { width, height }: Page): Broken[] {
  if (faultOf(points) !== null) {
    const mended = clockwise(points);
    return [["corners", faultOf(mended) === null ? { points: mended } : { delete: true }]];
  }
  const broken: Broken[] = [];
  const inside = mapped(points, ([x, y]) => [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)]);
  if (points.some(([x, y]) => x < 0 || x > width || y < 0 || y > height)) {
    broken.push(["outside_page", faultOf(inside) === null ? { points: inside } : { delete: true }]);
  }
  if (heightOf(points) < LOWEST || widthOf(points) < NARROWEST) broken.push(["tiny", { delete: true }]);
  return broken;
}

/** Boxes with the same corners have the same middle, which is soon compared with those of thousands. */
function ofNeighbours(at: number, regions: readonly Checked[], middles: readonly Point[]): Broken[] {
  const { points } = regions[at] as Checked;
  const [x, y] = middles[at] as Point;
  const near = SAME_CORNER * Math.min(widthOf(points), heightOf(points));
  for (let earlier = 0; earlier < at; earlier++) {
    const [otherX, otherY] = middles[earlier] as Point;
    if (Math.abs(otherX - x) > near || Math.abs(otherY - y) > near) continue;
    if (sameBox(points, (regions[earlier] as Checked).points)) return [["duplicate", { delete: true }]];
  }
  return [];
}

function ofInk(ink: number | undefined): Broken[] {
  return ink !== undefined && ink < LEAST_INK ? [["no_ink", { delete: true }]] : [];
}

function ofText(region: Checked): Broken[] {
  if (region.ignore) return [];
  const text = canonical(region.text);
  if (text === "") return [["text_missing", { ignore: true }]];
  const broken: Broken[] = [];
  const misread = region.category === "dimension" && !isDimension(text);
  if (misread) broken.push(["dimension", asDimension(text)]);
  else if (text !== region.text) broken.push(["spelling", { text }]);
  const confused = misread ? null : ofConfusion(region.category, text);
  const category = likelierCategory(region.category, text);
  if (confused !== null) broken.push(["confusion", confused]);
  else if (!misread && category !== region.category) broken.push(["category", { category }]);
  if (faultOf(region.points) === null && !fits(text, region.points)) {
    const turned = readAlongTheLongerSide(region.points);
    broken.push(["shape", fits(text, turned) ? { points: turned } : null]);
  }
  return broken;
}

/** What makes a dimension of it: signs read as letters put right, or else the category that it has. */
function asDimension(text: string): Fix | null {
  const signs = withSigns(text, DIAMETER_MISREAD);
  const mended = firstDimension(text, [...signs, digitsOf(signs[1])]);
  if (mended !== undefined) return { text: mended };
  if (SYMBOL.test(text)) return { category: "symbol" };
  return /[0-9]/.test(text) ? null : { category: "text" };
}

/** What it likely is, where a look-alike makes another text of it that can stand there as well. */
function ofConfusion(category: Category, text: string): Fix | null {
  if (category === "symbol" && SYMBOL.test(text)) {
    const mended = text.replace(ZONE_MISREAD, "⌀");
    return mended === text ? null : { text: mended };
  }
  if (category !== "dimension" && category !== "text") return null;
  const signs = withSigns(text, DIAMETER_IN_TEXT);
  const likelier =
    category === "dimension" || isDimension(text)
      ? firstDimension(text, [text.replace(DIAMETER_MISREAD, "$1⌀")])
      : firstDimension(text, [...signs, signs[1].replace(DIGIT_IN_TEXT, digitsOf)]);
  if (likelier === undefined) return null;
  return category === "dimension" ? { text: likelier } : { text: likelier, category: "dimension" };
}

/** The text with its diameters, and with its degrees, too. */
function withSigns(text: string, diameter: RegExp): readonly [string, string] {
  const withDiameter = text.replace(diameter, "$1⌀");
  return [withDiameter, withDiameter.replace(DEGREE_MISREAD, "°")];
}

function digitsOf(text: string): string {
  return Array.from(text, (letter) => DIGITS_READ_AS_LETTERS.get(letter) ?? letter).join("");
}

/** The first candidate that is a dimension and another text. */
function firstDimension(text: string, candidates: readonly string[]): string | undefined {
  return candidates.map(canonical).find((mended) => mended !== text && isDimension(mended));
}

function likelierCategory(category: Category, text: string): Category {
  if (category !== "text" && category !== "symbol") return category; // in tables and title blocks everything may stand
  if (SYMBOL.test(text)) return NOTE.test(text) ? category : "symbol";
  return isDimension(text) && DIMENSION_SIGN.test(text) ? "dimension" : category;
}

function fits(text: string, points: Quad): boolean {
  const characters = Array.from(text);
  if (characters.length < SHORTEST_TEXT) return true;
  const wide = characters.filter((character) => WIDE_CHARACTER.test(character)).length;
  const expected = heightOf(points) * (wide * WIDE + (characters.length - wide) * NARROW);
  const along = widthOf(points);
  return expected * SHORTEST <= along && along <= expected * LONGEST;
}

function sameBox(one: Quad, other: Quad): boolean {
  const near = SAME_CORNER * Math.min(widthOf(one), heightOf(one), widthOf(other), heightOf(other));
  return [0, 1, 2, 3].some((turn) => {
    const turned = readFrom(other, turn);
    return one.every((corner, index) => distance(corner, turned[index] ?? corner) <= near);
  });
}

function middleOf(points: Quad): Point {
  return [points.reduce((sum, point) => sum + point[0], 0) / 4, points.reduce((sum, point) => sum + point[1], 0) / 4];
}

/** The corners around their middle, clockwise, from the same first one. */
function clockwise(points: Quad): Quad {
  const [x, y] = middleOf(points);
  const angle = (point: Point) => Math.atan2(point[1] - y, point[0] - x);
  const whole = 2 * Math.PI;
  const fromFirst = (point: Point) => (((angle(point) - angle(points[0])) % whole) + whole) % whole;
  const [b, c, d] = points.slice(1).sort((one, other) => fromFirst(one) - fromFirst(other));
  return [points[0], b ?? points[1], c ?? points[2], d ?? points[3]];
}

/** The same box read along its other side: rightwards or, where that side is upright, upwards (ISO 129-1). */
function readAlongTheLongerSide(points: Quad): Quad {
  const right = points[2][0] - points[1][0];
  const up = points[1][1] - points[2][1];
  return readFrom(points, right > Math.abs(up) || up >= Math.abs(right) ? 1 : 3);
}
