/**
 * The output manifest of SageMaker Ground Truth with labels in our own form; the same bytes as
 * drawing_ocr/formats/ground_truth.py writes. The command reads built-in tasks too; the page does not.
 *
 * A round trip loses nothing. Ground Truth takes at most 20,000 characters an attribute, which some hundred regions fill.
 */
import * as v from "valibot";
import { CATEGORIES } from "../document/region";
import { FormatError } from "./error";
import { checkedLabel, checkedPicture, type LabelledPicture } from "./label";
import { Float, pythonJson } from "./python_json";
import { firstIssue, PolygonSchema } from "./schemas";

const ATTRIBUTE = "labels";
const SOURCES = ["source-ref", "source_ref", "sourceRef"]; // the documentation writes it in several ways
const METADATA = "-metadata";

const Size = v.pipe(v.number(), v.integer(), v.minValue(1));
const LabelSchema = v.object({
  version_id: v.nullish(v.string(), null),
  width: Size,
  height: Size,
  regions: v.array(
    v.object({
      points: PolygonSchema,
      text: v.string(),
      category: v.optional(v.picklist(CATEGORIES), "text"),
      ignore: v.optional(v.boolean(), false),
    }),
  ),
});

/** The pictures of an output manifest; lines whose labelling failed are left out. Throws FormatError. */
export function parseOutputManifest(content: string, where: string): LabelledPicture[] {
  return content
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : pictureOf(line, `${where} line ${index + 1}`)));
}

/** @param of Name of the labelling job to state, and when the labels were made. */
export function outputManifestText(pictures: readonly LabelledPicture[], of: { job: string; created: Date }): string {
  return pictures
    .map(({ image, version_id, width, height, labels }) => {
      const regions = labels.map(({ points, text, category, ignore }) => ({
        points: points.map((point) => point.map((value) => new Float(value))),
        text,
        category,
        ignore,
      }));
      const metadata = {
        type: "groundtruth/custom",
        "job-name": of.job,
        "human-annotated": "yes",
        "creation-date": of.created.toISOString().replace("Z", "+00:00"),
      };
      const label = { version_id: version_id ?? null, width, height, regions };
      const line = { "source-ref": image, [ATTRIBUTE]: label, [ATTRIBUTE + METADATA]: metadata };
      return `${pythonJson(line)}\n`;
    })
    .join("");
}

function pictureOf(line: string, place: string): LabelledPicture[] {
  const parsed = objectOf(line, place);
  const image = SOURCES.map((name) => parsed[name]).find((value) => typeof value === "string");
  if (typeof image !== "string") throw new FormatError(`${place}: no source-ref: a line names its picture`);
  // The last one where jobs were chained.
  const name = Object.keys(parsed)
    .filter((key) => key.endsWith(METADATA))
    .map((key) => key.slice(0, -METADATA.length))
    .findLast((key) => key in parsed || hasFailed(parsed[key + METADATA]));
  if (name === undefined)
    throw new FormatError(`${place}: no label attribute with its -metadata: give a job's output manifest`);
  if (hasFailed(parsed[name + METADATA])) return [];
  const checked = v.safeParse(LabelSchema, parsed[name]);
  if (!checked.success) {
    throw new FormatError(
      `${place} ${name}: ${firstIssue(checked.issues)}: use \`drawingops labels convert\` for other tasks`,
    );
  }
  const { regions, ...rest } = checked.output;
  const labels = regions.map((region, index) => checkedLabel(region, `${place} regions[${index}]`));
  return [checkedPicture({ image, ...rest, labels }, place)];
}

function hasFailed(metadata: unknown): boolean {
  return typeof metadata === "object" && metadata !== null && "failure-reason" in metadata;
}

function objectOf(line: string, place: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new FormatError(`${place}: not JSON`);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new FormatError(`${place}: not a JSON object`);
}
