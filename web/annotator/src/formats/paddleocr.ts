/**
 * PaddleOCR's label files: detection lists, recognition lists, and PPOCRLabel's `Label.txt`; the same bytes as
 * drawing_ocr/formats/paddleocr.py writes.
 *
 * What a round trip loses: detection lists the text of unreadable regions (`###` stands in its place); both region forms
 * the size of the picture, and a readable text that is literally `###` comes back as unreadable.
 */
import * as v from "valibot";
import { CATEGORIES } from "../document/region";
import { FormatError } from "./error";
import { checkedLabel, type Label, UNREADABLE } from "./label";
import { lines, shortened } from "./lines";
import { type Json, pythonJson } from "./python_json";
import { firstIssue, PolygonSchema } from "./schemas";

/** A line of a detection list: the path as the file has it, and what stands on the picture. */
export interface LabelledImage {
  readonly image: string;
  readonly labels: readonly Label[];
}

/** A line of a recognition list: the path of a picture of one line of text, and the text. */
export interface LabelledCrop {
  readonly crop: string;
  readonly text: string;
}

const NO_KEY_CLASS = "None"; // PPOCRLabel's word for a region without a class

const CategorySchema = v.pipe(
  v.nullish(v.string(), NO_KEY_CLASS),
  v.transform((name) => (name === NO_KEY_CLASS ? "text" : name)),
  v.picklist(CATEGORIES, (issue) => `unknown category ${issue.received}: use one of ${CATEGORIES.join(", ")}`),
);

const ItemSchema = v.object({
  transcription: v.string(),
  points: PolygonSchema,
  difficult: v.optional(v.boolean(), false),
});
const DetectionItemSchema = v.object({ ...ItemSchema.entries, category: CategorySchema });
const PpocrlabelItemSchema = v.pipe(
  v.object({ ...ItemSchema.entries, key_cls: CategorySchema }),
  v.transform(({ key_cls, ...item }) => ({ ...item, category: key_cls })),
);

/** Labels out of `path<TAB>[{"transcription", "points", "category"?}]` lines; `where` names the file in errors. */
export function parseDetection(content: string, where: string): LabelledImage[] {
  return labelledLines(content, where, DetectionItemSchema);
}

/** Labels out of a `Label.txt`: as a detection list, with `difficult` (unreadable) and `key_cls` (the category). */
export function parsePpocrlabel(content: string, where: string): LabelledImage[] {
  return labelledLines(content, where, PpocrlabelItemSchema);
}

/** The content of a detection list. */
export function detectionText(images: readonly LabelledImage[]): string {
  return asLines(images, ({ text, points, category, ignore }) => ({
    transcription: ignore ? UNREADABLE : text,
    points,
    category,
  }));
}

/** The content of a `Label.txt`; unreadable regions keep their text and are marked `difficult`. */
export function ppocrlabelText(images: readonly LabelledImage[]): string {
  return asLines(images, ({ text, points, category, ignore }) => ({
    transcription: text || UNREADABLE,
    points,
    difficult: ignore,
    key_cls: category,
  }));
}

/** Crops and their texts out of `crop<TAB>text` lines. */
export function parseRecognition(content: string, where: string): LabelledCrop[] {
  return lines(content).map(({ line, number }) => {
    const [crop, text, ...more] = line.split("\t");
    if (!crop || !text || more.length > 0) {
      throw new FormatError(`${where} line ${number}: not 'crop<TAB>text' (${shortened(line)}): write one tab between`);
    }
    return { crop, text };
  });
}

/** The content of a recognition list. Throws FormatError for a field that it cannot hold. */
export function recognitionText(crops: readonly LabelledCrop[]): string {
  return crops
    .map(({ crop, text }) => {
      if (!crop || !text || /[\t\n\r]/.test(crop + text)) {
        throw new FormatError(
          `${shortened(crop)} with the text ${shortened(text)}: a recognition list holds neither empty fields nor tabs nor line breaks`,
        );
      }
      return `${crop}\t${text}\n`;
    })
    .join("");
}

type Item = Omit<Label, "text" | "ignore"> & { readonly transcription: string; readonly difficult: boolean };

function labelledLines(content: string, where: string, schema: v.GenericSchema<unknown, Item>): LabelledImage[] {
  return lines(content).map(({ line, number }) => {
    const place = `${where} line ${number}`;
    const tab = line.indexOf("\t");
    if (tab < 1) {
      throw new FormatError(`${place}: not 'picture<TAB>[labels]' (${shortened(line)}): write one tab between`);
    }
    const items = parsedList(line.slice(tab + 1), place);
    return {
      image: line.slice(0, tab),
      labels: items.map((item, index) => label(item, `${place} label ${index + 1}`, schema)),
    };
  });
}

function parsedList(payload: string, place: string): unknown[] {
  let items: unknown;
  try {
    items = JSON.parse(payload);
  } catch {
    throw new FormatError(`${place}: the labels are not JSON (${shortened(payload)})`);
  }
  if (
    Array.isArray(items) &&
    items.every((item) => typeof item === "object" && item !== null && !Array.isArray(item))
  ) {
    return items;
  }
  throw new FormatError(`${place}: the labels are not a JSON list of objects (${shortened(payload)})`);
}

function label(item: unknown, place: string, schema: v.GenericSchema<unknown, Item>): Label {
  const checked = v.safeParse(schema, item);
  if (!checked.success) throw new FormatError(`${place}: ${firstIssue(checked.issues)}`);
  const { transcription, points, category, difficult } = checked.output;
  const unreadable = transcription === UNREADABLE;
  return checkedLabel(
    { points, text: unreadable ? "" : transcription, category, ignore: unreadable || difficult },
    place,
  );
}

function asLines(images: readonly LabelledImage[], item: (label: Label) => Json): string {
  return images
    .map(({ image, labels }) => {
      if (image === "" || /[\t\n\r]/.test(image)) {
        throw new FormatError(
          `${shortened(image)}: a path in a label list is neither empty nor holds tabs or line breaks`,
        );
      }
      return `${image}\t${pythonJson(labels.map(item))}\n`;
    })
    .join("");
}
