/**
 * All that the canvas asks of the rest of the page: what to draw, and whom to tell what the hand did. The document
 * (`src/document/`) satisfies `RegionSource` by its shape. The canvas keeps no regions of its own.
 */
import type { ReadonlySignal } from "@preact/signals";
import type { Quad } from "../geometry/quad";

export type Category = "text" | "dimension" | "symbol" | "table" | "title_block";

/** What the canvas shows of a region. One that changed is a new object; one that did not is the same. */
export interface DrawnRegion {
  readonly id: string;
  readonly points: Quad;
  readonly text: string;
  readonly category: Category;
  readonly ignore: boolean;
  readonly source: "machine" | "person";
  readonly accepted: boolean;
}

export interface RegionSource {
  /** In drawing order: the last lies on top. */
  readonly regions: ReadonlySignal<readonly DrawnRegion[]>;
  /** Ids; the last is the current region, the one with handles. */
  readonly selection: ReadonlySignal<readonly string[]>;
  /** The machine's, 0 to 1, by region id. */
  readonly confidence: ReadonlyMap<string, number>;
}

/** What a pointer does to the document: each of the first two is one step of undo. */
export interface Edits {
  /** A new region; the page selects it. `loose`: its corners lie about where they are meant, and its ink says where. */
  draw(points: Quad, loose: boolean): void;
  /** New outlines by id, of one or many regions at once. */
  reshape(outlines: ReadonlyMap<string, Quad>): void;
  select(ids: readonly string[]): void;
  /** A region was double-clicked or double-tapped: its text is wanted. */
  open(id: string): void;
}
