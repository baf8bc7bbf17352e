import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnnotationDocument, type Step } from "./document";
import { drawn, type Region } from "./region";
import { anyRegions } from "./regions.arbitrary";

const box = (id: string, text = "x"): Region => ({
  id,
  points: [
    [0, 0],
    [10, 0],
    [10, 5],
    [0, 5],
  ],
  text,
  category: "text",
  ignore: false,
  source: "machine",
  accepted: false,
});

const IDS = ["a", "b", "c", "d", "e"];

/** Every verb of the document, with random arguments. */
const anyCommand: fc.Arbitrary<(document: AnnotationDocument) => void> = fc.oneof(
  fc.tuple(fc.subarray(IDS), fc.constantFrom("", "⌀6", "M8")).map(
    ([ids, text]) =>
      (d: AnnotationDocument) =>
        d.edit("text", ids, () => ({ text })),
  ),
  fc.subarray(IDS).map((ids) => (d: AnnotationDocument) => d.edit("category", ids, () => ({ category: "symbol" }))),
  fc.subarray(IDS).map((ids) => (d: AnnotationDocument) => d.accept(ids)),
  fc.constantFrom(...IDS).map((id) => (d: AnnotationDocument) => d.read(id, "read")),
  fc.subarray(IDS).map((ids) => (d: AnnotationDocument) => d.replace("delete", ids, [])),
  fc
    .subarray(IDS)
    .map((ids) => (d: AnnotationDocument) => d.replace("merge", ids, [drawn(box("").points, "table", "new")])),
  anyRegions(IDS).map((regions) => (d: AnnotationDocument) => d.become("synchronise", regions)),
  fc.constant((d: AnnotationDocument) => d.undo()),
  fc.constant((d: AnnotationDocument) => d.redo()),
);

describe("the document", () => {
  test("takes everything back, and does everything again", () => {
    fc.assert(
      fc.property(anyRegions(), fc.array(anyCommand, { maxLength: 30 }), (base, commands) => {
        const document = new AnnotationDocument(base);
        for (const command of commands) command(document);
        while (document.canRedo.value) document.redo();
        const end = document.regions.value;
        while (document.canUndo.value) document.undo();
        expect(document.regions.value).toEqual(base);
        while (document.canRedo.value) document.redo();
        expect(document.regions.value).toEqual(end);
      }),
    );
  });

  test("is built again from its stored steps, with all that can be undone", () => {
    fc.assert(
      fc.property(anyRegions(), fc.array(anyCommand, { maxLength: 30 }), (base, commands) => {
        const steps: Step[] = [];
        const document = new AnnotationDocument(base);
        document.onStep((step) => steps.push(step));
        for (const command of commands) command(document);
        const again = new AnnotationDocument(base, new Map(), JSON.parse(JSON.stringify(steps)));
        expect(again.regions.value).toEqual(document.regions.value);
        document.undo();
        again.undo();
        expect(again.regions.value).toEqual(document.regions.value);
      }),
    );
  });

  test("makes a region a person's when he or she changes it, and not when nothing changed", () => {
    const document = new AnnotationDocument([box("a", "6")]);
    document.edit("text", ["a"], () => ({ text: "6" }));
    expect(document.canUndo.value).toBe(false);
    document.edit("text", ["a"], () => ({ text: "⌀6" }));
    expect(document.byId.value.get("a")).toMatchObject({ text: "⌀6", source: "person" });
  });

  test("leaves an accepted region the machine's", () => {
    const document = new AnnotationDocument([box("a")]);
    document.accept(["a"]);
    expect(document.byId.value.get("a")).toMatchObject({ source: "machine", accepted: true });
  });

  test("takes typing of one text back at once, and then what was before it", () => {
    const document = new AnnotationDocument([box("a", ""), box("b", "")]);
    document.edit("text", ["b"], () => ({ text: "9" }));
    for (const text of ["M", "M8", "M8x1"]) document.edit("text", ["a"], () => ({ text }));
    document.undo();
    expect(document.regions.value.map(({ text }) => text)).toEqual(["", "9"]);
    document.undo();
    expect(document.regions.value.map(({ text }) => text)).toEqual(["", ""]);
  });

  test("selects what an edit made, and what taking it back brought back", () => {
    const document = new AnnotationDocument([box("a"), box("b"), box("c")]);
    document.select(["a", "b", "nobody"]);
    expect(document.selection.value).toEqual(["a", "b"]);
    expect(document.current.value?.id).toBe("b");
    document.replace("merge", ["a", "b"], [box("ab")]);
    expect(document.regions.value.map(({ id }) => id)).toEqual(["ab", "c"]);
    expect(document.selection.value).toEqual(["ab"]);
    document.undo();
    expect(document.selection.value).toEqual(["b", "a"]);
  });
});
