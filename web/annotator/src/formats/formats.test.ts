import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Quad } from "../geometry/quad";
import { csvText, parseCsv } from "./csv";
import { FormatError } from "./error";
import { outputManifestText, parseOutputManifest } from "./ground_truth";
import type { Label, LabelledPicture } from "./label";
import { labelmeText, parseLabelme } from "./labelme";
import { HEIGHT, labels, quads, readableText, WIDTH } from "./labels.arbitrary";
import {
  detectionText,
  parseDetection,
  parsePpocrlabel,
  parseRecognition,
  ppocrlabelText,
  recognitionText,
} from "./paddleocr";

// The command writes and reads the same files: tests/web/test_formats.py.
const EXAMPLES = new URL("../../../../tests/web/formats/", import.meta.url);

function example(name: string): string {
  return readFileSync(new URL(name, EXAMPLES), "utf-8");
}

function picture(): LabelledPicture {
  const { image, width, height, regions } = JSON.parse(example("picture.json"));
  return { image, width, height, labels: regions };
}

const paths = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((path) => !/[\t\n\r]/.test(path) && path.trim() !== "");
const pictures = fc.array(fc.record({ image: paths, labels: fc.array(labels, { maxLength: 3 }) }), { maxLength: 3 });

/** Left and right side are as long and as steep. */
const LEANING_ALIKE: Quad = [
  [145.5, 144],
  [154.5, 144],
  [156, 156],
  [144, 156],
];

describe("LabelMe", () => {
  test("the example is what the command writes, and comes back", () => {
    expect(labelmeText(picture())).toBe(example("labelme.json"));
    expect(parseLabelme(example("labelme.json"), "x")).toEqual(picture());
  });

  test("files of ours come back exactly", () => {
    fc.assert(
      fc.property(paths, fc.array(labels, { maxLength: 4 }), (image, of) => {
        const written = { image: image.replaceAll("\\", "/"), width: WIDTH, height: HEIGHT, labels: of };
        expect(parseLabelme(labelmeText(written), "x")).toEqual(written);
      }),
    );
  });

  test("a polygon drawn either way from any corner is read the same", () => {
    fc.assert(
      fc.property(quads, (quad) => {
        const orders = [[...quad], [...quad].reverse()].flatMap((order) =>
          [0, 1, 2, 3].map((first) => [...order.slice(first), ...order.slice(0, first)]),
        );
        const read = orders.map((points) => parseLabelme(foreign({ points, shape_type: "polygon" }), "x").labels);
        for (const labels of read) expect(labels).toEqual(read[0]);
      }),
      { examples: [[LEANING_ALIKE]] },
    );
  });

  test("text in a tall rectangle runs upwards, a single character stands upright", () => {
    const corners = (label: string) =>
      parseLabelme(
        foreign({
          label,
          points: [
            [10, 20],
            [30, 90],
          ],
        }),
        "x",
      ).labels[0]?.points;
    expect(corners("12,5")?.[0]).toEqual([10, 90]);
    expect(corners("5")?.[0]).toEqual([10, 20]);
  });

  test.each([
    ["{", "x: not JSON"],
    ["{}", "x: imagePath: "],
    [
      foreign({
        shape_type: "polygon",
        points: [
          [0, 0],
          [9, 0],
          [9, 9],
        ],
      }),
      "x shape 1: a polygon of 3 corners",
    ],
    [
      foreign({
        points: [
          [10, 20],
          [10, 40],
        ],
      }),
      "x shape 1: points: degenerate polygon",
    ],
    [
      foreign({
        points: [
          [10, 20],
          [3000, 40],
        ],
      }),
      "outside its page of 1200 × 900",
    ],
    [foreign({ label: "" }), "x shape 1: the text is empty"],
    [foreign({ flags: { table: true, symbol: true } }), "x shape 1: flags symbol and table are both set"],
  ])("%s is refused in one line", (content, reason) => {
    expect(() => parseLabelme(content, "x")).toThrow(reason);
  });

  function foreign(shape: object): string {
    const whole = {
      label: "12,5",
      points: [
        [10, 20],
        [60, 40],
      ],
      shape_type: "rectangle",
      flags: null,
      ...shape,
    };
    return JSON.stringify({ imagePath: "x.png", imageWidth: WIDTH, imageHeight: HEIGHT, shapes: [whole] });
  }
});

describe("PaddleOCR and PPOCRLabel", () => {
  test("the examples are what the command writes, and come back", () => {
    const images = [{ image: picture().image, labels: picture().labels }];
    expect(detectionText(images)).toBe(example("det.txt"));
    expect(parseDetection(example("det.txt"), "x")).toEqual(images);
    expect(ppocrlabelText(images)).toBe(example("Label.txt"));
    expect(parsePpocrlabel(example("Label.txt"), "x")).toEqual(images);
    const crops = readable().map(({ text }, index) => ({ crop: `crops/blatt/${index}.png`, text }));
    expect(recognitionText(crops)).toBe(example("rec.txt"));
    expect(parseRecognition(example("rec.txt"), "x")).toEqual(crops);
  });

  test("lists come back exactly", () => {
    fc.assert(
      fc.property(pictures, (images) => {
        expect(parseDetection(detectionText(images), "x")).toEqual(images);
        expect(parsePpocrlabel(ppocrlabelText(images), "x")).toEqual(images);
      }),
    );
  });

  test("the text of an unreadable region is kept by Label.txt and lost by a detection list, and nothing else", () => {
    fc.assert(
      fc.property(labels, readableText, (label, text) => {
        const images = [{ image: "x.png", labels: [{ ...label, text, ignore: true }] }];
        expect(parsePpocrlabel(ppocrlabelText(images), "x")).toEqual(images);
        expect(parseDetection(detectionText(images), "x")[0]?.labels).toEqual([{ ...label, text: "", ignore: true }]);
      }),
    );
  });

  test("recognition lists come back exactly, or are not written", () => {
    const anyText = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.array(fc.record({ crop: paths, text: anyText }), { maxLength: 4 }), (crops) => {
        const holds = crops.every(({ text }) => text !== "" && !/[\t\n\r]/.test(text));
        if (holds) expect(parseRecognition(recognitionText(crops), "x")).toEqual(crops);
        else expect(() => recognitionText(crops)).toThrow(FormatError);
      }),
    );
  });

  test.each([
    ["a.png [no tab]", "x line 3: not 'picture<TAB>[labels]'"],
    ["a.png\t[{]", "x line 3: the labels are not JSON"],
    ["a.png\t{}", "x line 3: the labels are not a JSON list"],
    ['a.png\t[{"points": []}]', "x line 3 label 1: transcription"],
    ['a.png\t[{"transcription": "1", "points": [[0, 0], [9, 0], [9, 9]]}]', "x line 3 label 1: points"],
    [
      'a.png\t[{"transcription": "1", "points": [[0,0],[9,0],[9,9],[0,9]], "category": "weld"}]',
      'unknown category "weld"',
    ],
    ['a.png\t[{"transcription": "", "points": [[0,0],[9,0],[9,9],[0,9]]}]', "the text is empty"],
  ])("%s is refused by file and number", (line, reason) => {
    expect(() => parseDetection(`good.png\t[]\n\n${line}\n`, "x")).toThrow(reason);
  });

  function readable(): readonly Label[] {
    return picture().labels.filter(({ ignore, text }) => !ignore && !/[\t\n\r]/.test(text));
  }
});

describe("tables and Ground Truth's manifest", () => {
  const CREATED = { job: "shafts", created: new Date("2026-11-21T08:00:00.125Z") };
  const known = { ...picture(), version_id: "3sL4kqtJlcpXroDTDmJ" };

  test("the examples are what the command writes, and come back", () => {
    expect(csvText([known])).toBe(example("labels.csv"));
    expect(parseCsv(example("labels.csv"), "x")).toEqual([known]);
    expect(outputManifestText([known], CREATED)).toBe(example("output.manifest"));
    expect(parseOutputManifest(example("output.manifest"), "x")).toEqual([known]);
  });

  test("pictures come back exactly", () => {
    const size = { width: WIDTH, height: HEIGHT };
    fc.assert(
      fc.property(fc.uniqueArray(paths, { maxLength: 3 }), fc.array(labels, { maxLength: 3 }), (images, of) => {
        const pictures = images.map((image) => ({ image, version_id: null, ...size, labels: of }));
        expect(parseCsv(csvText(pictures), "x")).toEqual(pictures);
        expect(parseOutputManifest(outputManifestText(pictures, CREATED), "x")).toEqual(pictures);
      }),
    );
  });

  test("a table as a spreadsheet saves it is read", () => {
    const saved = `\uFEFF${example("labels.csv").split("\r\n").slice(0, 2).join("\n").replaceAll(",", ";").replace('"⌀50 H7/g6 ±0;02"', '"⌀50 H7/g6 ±0,02"')}\n`;
    expect(parseCsv(saved, "x")[0]?.labels).toEqual(known.labels.slice(0, 1));
  });

  test.each([
    ["image,width\n", "x: the column height is missing"],
    [csvText([known]).replace(",100,", ",wide,"), 'the corner x1 is "wide"'],
    [csvText([known]).replace(",true", ",maybe"), 'ignore is "maybe"'],
    [csvText([known]).replace("9933,7016,912", "99,70,912"), "another size than in a row before"],
    [csvText([known]).replace(",9933", ""), "x line 2: 14 cells for 15 columns"],
  ])("a bad table is refused by file and line (%#)", (content, reason) => {
    expect(() => parseCsv(content, "x")).toThrow(reason);
  });

  test.each([
    ["{", "x line 1: not JSON"],
    ['{"source-ref": "a"}', "no label attribute"],
    ['{"source-ref": "a", "l": {"polygons": []}, "l-metadata": {}}', "x line 1 l: width"],
  ])("a bad manifest is refused by file and line: %s", (content, reason) => {
    expect(() => parseOutputManifest(content, "x")).toThrow(reason);
  });

  test("a drawing whose labelling failed is left out", () => {
    expect(parseOutputManifest('{"source-ref": "a", "l-metadata": {"failure-reason": "expired"}}', "x")).toEqual([]);
  });
});
