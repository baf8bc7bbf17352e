/** What a pointer can be used for. A tool keeps what is being done; it tells the document when it is done. */
import type { Point } from "../../geometry/point";
import { type Bounds, faultOf, mapped, type Quad } from "../../geometry/quad";
import type { Edits, RegionSource } from "../ports";
import type { RegionIndex } from "../region_index";
import type { Size, View } from "../view";

export interface Pointing {
  /** On the sheet, and never beside it. */
  readonly place: Point;
  readonly screen: Point;
  /** How far a person points beside what is meant, screen pixels: more by a finger than by a mouse. */
  readonly reach: number;
  readonly shift: boolean;
  readonly alt: boolean;
  /** Control, or command on a Mac. */
  readonly control: boolean;
  /** Brought there by steps of the arrow keys, so near what is meant only. */
  readonly stepped: boolean;
}

/** What is being drawn or changed and not yet in the document. */
export interface Draft {
  /** New outlines of regions, by id. */
  readonly outlines: ReadonlyMap<string, Quad>;
  /** A region that does not exist yet. */
  readonly shape: Quad | null;
  readonly line: readonly [Point, Point] | null;
  /** The rubber band, on the sheet. */
  readonly band: Bounds | null;
  /** Where the next place of a new region would be: its cross-hair. */
  readonly cross: Point | null;
}

export const NO_DRAFT: Draft = { outlines: new Map(), shape: null, line: null, band: null, cross: null };

export interface Desk {
  readonly sheet: Size;
  readonly source: RegionSource;
  readonly edits: Edits;
  view(): View;
  index(): RegionIndex;
}

export interface Tool {
  readonly draft: Draft;
  /** How many places of a new region are set, and how many it takes; null where the tool draws none. */
  readonly progress: { readonly set: number; readonly needed: number } | null;
  /** The CSS cursor at a place where nothing is pressed. */
  cursor(pointing: Pointing): string;
  /** A button or finger goes down. False: the pointer is not for this tool, it pans. */
  press(pointing: Pointing): boolean;
  /** The pointer, which the tool has taken, moves. */
  drag(pointing: Pointing): void;
  /** It goes up after it has moved. */
  drop(pointing: Pointing): void;
  /** It goes up where it went down. */
  click(pointing: Pointing): void;
  /** The pointer moves with nothing pressed. */
  hover(pointing: Pointing): void;
  doubleClick(pointing: Pointing): void;
  /** Gives up what is being done; false where there is nothing. */
  cancel(): boolean;
}

/** The outline with its corners on the sheet and rounded to hundredths of a pixel, or null where no text has such a one. */
export function tidied(quad: Quad, sheet: Size): Quad | null {
  const rounded = (value: number, most: number) => Math.round(Math.min(most, Math.max(0, value)) * 100) / 100;
  const onSheet = mapped(quad, ([x, y]) => [rounded(x, sheet.width), rounded(y, sheet.height)]);
  return faultOf(onSheet) === null ? onSheet : null;
}
