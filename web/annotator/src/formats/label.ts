/** A labelled line as files have it, and the picture it stands on: `Region` and `Annotation` of drawing_ocr/annotation.py. */
import type { Category } from "../document/region";
import type { Point } from "../geometry/point";
import { faultOf, type Quad } from "../geometry/quad";
import { FormatError } from "./error";

/** `text` may be empty only where `ignore` (unreadable) is set. */
export interface Label {
  readonly points: Quad;
  readonly text: string;
  readonly category: Category;
  readonly ignore: boolean;
}

/** All labelled lines of one picture; `image` is its address or path. */
export interface LabelledPicture {
  readonly image: string;
  /** The S3 version that was labelled; absent where there is none, or a format does not know. */
  readonly version_id?: string | null;
  readonly width: number;
  readonly height: number;
  readonly labels: readonly Label[];
}

/** ICDAR's mark of what nobody can read, which PaddleOCR's training and evaluation ignore. */
export const UNREADABLE = "###";

/** Pixels a corner may lie beyond its page: annotation tools round outwards. */
const PAGE_TOLERANCE = 1;

const FAULTS = {
  "not finite": "degenerate polygon: a corner is not a finite number",
  "counter-clockwise": "the corners run counter-clockwise: list them clockwise from the text's top left",
  "too small": "degenerate polygon: its area is below 1 square pixel",
  "sides cross": "degenerate polygon: its sides cross",
} as const;

/** The label itself. Throws FormatError where it cannot be one; `place` says where it stands. */
export function checkedLabel(label: Label, place: string): Label {
  const fault = faultOf(label.points);
  if (fault !== null) throw new FormatError(`${place}: points: ${FAULTS[fault]}`);
  if (!label.ignore && label.text.trim() === "") {
    throw new FormatError(`${place}: the text is empty: write what stands there, or mark it as unreadable`);
  }
  return label;
}

/** The picture itself. Throws FormatError where a corner lies outside it. */
export function checkedPicture(picture: LabelledPicture, place: string): LabelledPicture {
  picture.labels.forEach((label, index) => {
    const outside = label.points.find(
      ([x, y]: Point) =>
        Math.min(x, y) < -PAGE_TOLERANCE || x > picture.width + PAGE_TOLERANCE || y > picture.height + PAGE_TOLERANCE,
    );
    if (outside === undefined) return;
    const page = `${picture.width} × ${picture.height} pixels`;
    throw new FormatError(
      `${place}: label ${index + 1} ${JSON.stringify(label.text)} has the corner (${outside.join(", ")}) outside its page of ${page}`,
    );
  });
  return picture;
}
