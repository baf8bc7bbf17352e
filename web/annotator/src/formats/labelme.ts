/**
 * LabelMe's JSON files: one picture, a label that is the text, a flag that is the category; the same bytes as
 * drawing_ocr/formats/labelme.py writes, and the same guesses.
 *
 * LabelMe says neither how a text runs nor which corner is its top left. Shapes that were written here carry the flag
 * `reading_order` and come back exactly. For others the direction is guessed: along the longer side (for a single
 * character along the flatter one), rightwards, and upwards where it is vertical, as ISO 129-1 wants dimensions written.
 *
 * What a round trip loses: the text of unreadable regions, and a readable text that is literally `###` or `other_info`
 * comes back as unreadable.
 */
import * as v from "valibot";
import { CATEGORIES, type Category } from "../document/region";
import { distance, type Point } from "../geometry/point";
import { areaOf, faultOf, type Quad, readFrom } from "../geometry/quad";
import { FormatError } from "./error";
import { checkedLabel, checkedPicture, type Label, type LabelledPicture, UNREADABLE } from "./label";
import { Float, pythonJson } from "./python_json";
import { firstIssue } from "./schemas";

const UNTRANSCRIBED = "other_info"; // label of regions that hold text which nobody typed, in published drawing labels
const READING_ORDER = "reading_order";
const WRITTEN_VERSION = "5.5.0"; // the LabelMe release whose form is written

const ShapeSchema = v.object({
  label: v.string(),
  points: v.array(v.tuple([v.pipe(v.number(), v.finite()), v.pipe(v.number(), v.finite())])),
  shape_type: v.picklist(["rectangle", "polygon"]),
  flags: v.nullish(v.record(v.string(), v.boolean()), {}),
});

const Size = v.pipe(v.number(), v.integer(), v.minValue(1));
const FileSchema = v.object({
  imagePath: v.pipe(v.string(), v.minLength(1)),
  imageWidth: Size,
  imageHeight: Size,
  shapes: v.array(ShapeSchema),
});

type Shape = v.InferOutput<typeof ShapeSchema>;

/** The labels of one picture; `image` is the file's `imagePath` with forward slashes. Throws FormatError. */
export function parseLabelme(content: string, where: string): LabelledPicture {
  let data: unknown;
  try {
    data = JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch {
    throw new FormatError(`${where}: not JSON`);
  }
  const checked = v.safeParse(FileSchema, data);
  if (!checked.success) throw new FormatError(`${where}: ${firstIssue(checked.issues)}`);
  const { imagePath, imageWidth, imageHeight, shapes } = checked.output;
  const labels = shapes.map((shape, index) => labelOf(shape, `${where} shape ${index + 1}`));
  const picture = { image: imagePath.replaceAll("\\", "/"), width: imageWidth, height: imageHeight, labels };
  return checkedPicture(picture, where);
}

/** The content of a LabelMe file. */
export function labelmeText({ image, width, height, labels }: LabelledPicture): string {
  const shapes = labels.map((label) => ({
    label: label.ignore ? UNREADABLE : label.text,
    points: label.points.map((point) => point.map((value) => new Float(value))),
    group_id: null,
    description: "",
    shape_type: "polygon",
    flags: { [label.category]: true, [READING_ORDER]: true },
    mask: null,
  }));
  const file = {
    version: WRITTEN_VERSION,
    flags: {},
    shapes,
    imagePath: image,
    imageData: null,
    imageHeight: height,
    imageWidth: width,
  };
  return `${pythonJson(file, 2)}\n`;
}

function labelOf(shape: Shape, place: string): Label {
  const flags = Object.keys(shape.flags).filter((name) => shape.flags[name]);
  const categories = CATEGORIES.filter((category) => flags.includes(category));
  if (categories.length > 1) {
    throw new FormatError(`${place}: flags ${[...categories].sort().join(" and ")} are both set: one category a shape`);
  }
  const ignore = shape.label === UNREADABLE || shape.label === UNTRANSCRIBED;
  const category: Category = categories[0] ?? "text";
  let points = corners(shape, place);
  if (!flags.includes(READING_ORDER) && faultOf(clockwise(points)) === null) {
    points = inReadingOrder(points, shape.label);
  }
  return checkedLabel({ points, text: ignore ? "" : shape.label, category, ignore }, place);
}

function corners({ shape_type, points }: Shape, place: string): Quad {
  const [a, b, c, d] = points;
  if (shape_type === "polygon") {
    if (points.length !== 4 || !a || !b || !c || !d) {
      throw new FormatError(`${place}: a polygon of ${points.length} corners: draw four around the text`);
    }
    return [a, b, c, d];
  }
  if (points.length !== 2 || !a || !b) {
    throw new FormatError(`${place}: a rectangle of ${points.length} corners: LabelMe writes two opposite ones`);
  }
  const [left, right] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
  const [top, bottom] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

/** The outline clockwise (y downwards), from the same corner. */
function clockwise(points: Quad): Quad {
  return areaOf(points) >= 0 ? points : [points[0], points[3], points[2], points[1]];
}

function inReadingOrder(points: Quad, text: string): Quad {
  const outline = clockwise(points);
  const side = (corner: number): [Point, Point] => [outline[corner % 4] as Point, outline[(corner + 1) % 4] as Point];
  const angle = (corner: number): number => {
    const [[ax, ay], [bx, by]] = side(corner);
    return Math.atan2(by - ay, bx - ax);
  };
  const pairLength = (corner: number): number => distance(...side(corner)) + distance(...side(corner + 2));
  // Rightwards or up; up is -90° with y downwards. Vertical lettering leans a little either way on scans.
  const starts = [0, 1, 2, 3].filter((corner) => angle(corner) >= radians(-95) && angle(corner) < radians(85));
  const better = [...text].length === 1 ? flatter : longer;
  return readFrom(
    outline,
    starts.reduce((best, corner) => (better(corner, best) ? corner : best)),
  );

  function flatter(one: number, other: number): boolean {
    const [slope, otherSlope] = [Math.abs(angle(one)), Math.abs(angle(other))];
    // Both sides of a trapezoid lean alike: text runs up rather than down.
    return slope < otherSlope || (slope === otherSlope && angle(one) < angle(other));
  }

  function longer(one: number, other: number): boolean {
    const [length, otherLength] = [pairLength(one), pairLength(other)];
    return length > otherLength || (length === otherLength && flatter(one, other));
  }
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
