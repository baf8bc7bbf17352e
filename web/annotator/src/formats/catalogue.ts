/** The label files that the page reads and writes, for one drawing. */
import { csvText, parseCsv } from "./csv";
import { FormatError } from "./error";
import { outputManifestText, parseOutputManifest } from "./ground_truth";
import { checkedPicture, type Label, type LabelledPicture } from "./label";
import { labelmeText, parseLabelme } from "./labelme";
import {
  detectionText,
  type LabelledImage,
  parseDetection,
  parsePpocrlabel,
  parseRecognition,
  ppocrlabelText,
  recognitionText,
} from "./paddleocr";

export const FORMATS = ["labelme", "ppocrlabel", "detection", "recognition", "ground_truth", "csv"] as const;
export type FormatName = (typeof FORMATS)[number];

/** The drawing on which labels are read in: what it is called, how large it is, and what stands on it now. */
export type Target = LabelledPicture;

export interface Format {
  /** As its users call it. */
  readonly title: string;
  /** Of the file that is written. */
  readonly fileName: (stem: string) => string;
  readonly write: (picture: LabelledPicture) => string;
  /** The labels of this drawing. Throws FormatError; `where` names the file in it. */
  readonly read: (content: string, where: string, target: Target) => readonly Label[];
}

export const CATALOGUE: Readonly<Record<FormatName, Format>> = {
  labelme: {
    title: "LabelMe",
    fileName: (stem) => `${stem}.json`,
    write: (picture) => labelmeText({ ...picture, image: baseName(picture.image) }),
    read: (content, where, target) => {
      const { width, height, labels } = parseLabelme(content, where);
      if (width === target.width && height === target.height) return labels;
      throw new FormatError(
        `${where}: labels of a picture of ${width} × ${height} pixels; this drawing has ${target.width} × ${target.height}`,
      );
    },
  },
  ppocrlabel: {
    title: "PPOCRLabel (Label.txt)",
    fileName: () => "Label.txt",
    write: ({ image, labels }) => ppocrlabelText([{ image: baseName(image), labels }]),
    read: (content, where, target) => ofTarget(parsePpocrlabel(content, where), where, target),
  },
  detection: {
    title: "PaddleOCR detection",
    fileName: () => "det.txt",
    write: ({ image, labels }) => detectionText([{ image: baseName(image), labels }]),
    read: (content, where, target) => ofTarget(parseDetection(content, where), where, target),
  },
  recognition: {
    title: "PaddleOCR recognition",
    fileName: () => "rec.txt",
    write: ({ image, labels }) =>
      recognitionText(
        labels.flatMap(({ text, ignore }, index) => (ignore ? [] : [{ crop: cropName(image, index), text }])),
      ),
    read: readTexts,
  },
  ground_truth: {
    title: "Ground Truth output manifest",
    fileName: () => "output.manifest",
    write: (picture) => outputManifestText([picture], { job: "annotator", created: new Date() }),
    read: (content, where, target) => ofTarget(parseOutputManifest(content, where), where, target),
  },
  csv: {
    title: "CSV",
    fileName: (stem) => `${stem}.csv`,
    write: (picture) => csvText([picture]),
    read: (content, where, target) => ofTarget(parseCsv(content, where), where, target),
  },
};

/** `dir/图纸.png` -> `图纸.png`. */
export function baseName(path: string): string {
  return path.split("/").at(-1) || path;
}

/** `dir/图纸.png` -> `图纸`. */
export function stemOf(path: string): string {
  return baseName(path).replace(/\.[^.]*$/, "");
}

/** As drawing_ocr/dataset/crop.py names the crop of a region: its place in the list of regions. */
function cropName(image: string, index: number): string {
  return `crops/${stemOf(image)}/${index}.png`;
}

/** A list of many pictures has this drawing by its name; a list of one picture is about this drawing whatever its name. */
function ofTarget(images: readonly LabelledImage[], where: string, target: Target): readonly Label[] {
  const named = images.filter(({ image }) => baseName(image) === baseName(target.image));
  const [found, ...others] = named.length > 0 ? named : images;
  if (found === undefined || others.length > 0) {
    throw new FormatError(
      `${where}: ${images.length} pictures, none of them ${baseName(target.image)} alone: choose the file of this drawing`,
    );
  }
  return checkedPicture({ ...target, labels: found.labels }, where).labels;
}

/** A recognition list has texts only: they go to the regions that are there, by the names of their crops. */
function readTexts(content: string, where: string, target: Target): readonly Label[] {
  const texts = new Map(parseRecognition(content, where).map(({ crop, text }) => [crop, text]));
  const labels = target.labels.map((label, index) => {
    const name = cropName(target.image, index);
    const text = texts.get(name);
    texts.delete(name);
    return text === undefined ? label : { ...label, text, ignore: false };
  });
  const [left] = texts.keys();
  if (left === undefined) return labels;
  throw new FormatError(
    `${where}: there is no region for ${left}: the list belongs to another drawing, or boxes were added`,
  );
}
