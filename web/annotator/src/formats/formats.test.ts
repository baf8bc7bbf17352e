import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "./error";
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
