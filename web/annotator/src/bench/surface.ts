/** The drawing surface on a document, with a text field, and nothing else: for the tests of its pixels. */
import { effect } from "@preact/signals";
import { DrawingSurface } from "../canvas/drawing_surface";
import { pyramidTiles } from "../canvas/pyramid";
import { TileGrid } from "../canvas/tile_grid";
import { AnnotationDocument } from "../document/document";
import { unseen } from "../document/region";
import { drawing, fetchWork, middleOf, noteOpened, textField, watchPictures } from "./work";

const work = await fetchWork();
const confidence = new Map(work.regions.map((region) => [region.id, region.confidence]));
const document = new AnnotationDocument(work.regions.map(unseen), confidence);
const field = textField();

const surface = new DrawingSurface(drawing(), {
  grid: new TileGrid(work.width, work.height, work.tile, work.levels),
  load: pyramidTiles("sheet", async () => "sheet.pmtiles"),
  source: document,
  edits: {
    draw: () => {},
    reshape: (outlines) =>
      document.edit("reshape", [...outlines.keys()], ({ id, points }) => ({ points: outlines.get(id) ?? points })),
    select: (ids) => document.select(ids),
    open: () => field.focus(),
  },
});
surface.labels.value = true;

window.bench = {
  middle: () => middleOf(surface.host),
  surface,
  opened: null,
  pictures: [],
  record: () => {
    window.bench.pictures = [];
  },
  close: () => surface.zoom(0.4 / surface.view.peek().scale),
  whole: () => surface.fit(),
  select: (index) => {
    const region = document.regions.peek()[index];
    if (region === undefined) throw new Error(`there is no region ${index}`);
    document.select([region.id]);
    surface.show(region.points);
    field.value = region.text;
    field.focus();
  },
};

field.addEventListener("input", () => {
  document.edit("text", document.selection.peek(), () => ({ text: field.value }));
});
effect(() => {
  if (surface.sharp.value) noteOpened();
});
watchPictures();
