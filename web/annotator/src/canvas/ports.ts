/**
 * All that the canvas asks of the rest of the page: what to draw, and whom to tell what the hand did. The document store
 * (`src/document/`) satisfies both by its shape. The canvas keeps no regions of its own.
 */
import type { ReadonlySignal } from '@preact/signals';
import type { Quad } from '../geometry/quad';

export type Category = 'text' | 'dimension' | 'symbol' | 'table' | 'title_block';

/** What the canvas shows of a region. A region that changed is a new object; one that did not is the same. */
export interface DrawnRegion {
  readonly id: string;
  readonly points: Quad;
  readonly text: string;
  readonly category: Category;
  readonly ignore: boolean;
  /** The machine's, 0 to 1; null for what a person drew. */
  readonly confidence: number | null;
  readonly source: 'machine' | 'person';
  readonly accepted: boolean;
}

/** What is drawn: every region in drawing order (the last lies on top), and the ids of the selected ones. */
export interface RegionSource {
  readonly regions: ReadonlySignal<readonly DrawnRegion[]>;
  readonly selection: ReadonlySignal<ReadonlySet<string>>;
}

/** What a pointer does to the document; each call is one step of undo, selecting is none. */
export interface Edits {
  /** A new region, which is then the only selected one. */
  add(points: Quad): void;
  /** New outlines by id, of one or many regions at once. */
  reshape(outlines: ReadonlyMap<string, Quad>): void;
  select(ids: readonly string[]): void;
}
