/**
 * Draw new regions: by two corners, or by the base line of a slanted text and a place on its other side. The places come
 * from a pointer, or from the cross-hair that the arrow keys move.
 */
import { threePointBox, twoClickBox } from "../../geometry/construct";
import { distance, type Point } from "../../geometry/point";
import { heightOf, type Quad, widthOf } from "../../geometry/quad";
import { type Desk, type Draft, NO_DRAFT, type Pointing, type Tool, tidied } from "./tool";

const MIN_SIDE = 3; // sheet pixels; less is a slip of the hand

abstract class DrawTool implements Tool {
  draft: Draft = NO_DRAFT;
  /** Places that are fixed; the pointer is the next one. */
  protected points: readonly Point[] = [];

  constructor(protected readonly desk: Desk) {}

  get progress() {
    return { set: this.points.length, needed: this.needed };
  }

  cursor(): string {
    return "crosshair";
  }

  press({ place }: Pointing): boolean {
    if (this.points.length === 0) this.points = [place];
    return true;
  }

  drag({ place }: Pointing): void {
    this.#aim(place);
  }

  hover({ place }: Pointing): void {
    this.#aim(place);
  }

  drop(pointing: Pointing): void {
    this.#fix(pointing);
  }

  click(pointing: Pointing): void {
    if (!this.#isFirst(pointing.place)) this.#fix(pointing);
  }

  doubleClick(): void {}

  cancel(): boolean {
    const busy = this.points.length > 0;
    this.points = [];
    this.draft = { ...NO_DRAFT, cross: this.draft.cross };
    return busy;
  }

  protected abstract readonly needed: number;
  protected abstract drawn(place: Point): Draft;

  /** The click that has just fixed the first place. */
  #isFirst(place: Point): boolean {
    const [first, ...more] = this.points;
    return first !== undefined && more.length === 0 && distance(first, place) < MIN_SIDE;
  }

  #aim(place: Point): void {
    this.draft = { ...this.drawn(place), cross: place };
  }

  #fix({ place, stepped }: Pointing): void {
    if (this.points.length + 1 < this.needed) {
      this.points = [...this.points, place];
      this.#aim(place);
      return;
    }
    const { shape } = this.drawn(place);
    const tidy = shape === null ? null : tidied(shape, this.desk.sheet);
    if (tidy === null || tooSmall(tidy)) return; // the last place is still wanted
    this.cancel();
    this.desk.edits.draw(tidy, stepped);
  }
}

function tooSmall(quad: Quad): boolean {
  return widthOf(quad) < MIN_SIDE || heightOf(quad) < MIN_SIDE;
}

/** Two clicks, or a drag from corner to corner. The text reads as the screen shows it upright. */
export class TwoClickTool extends DrawTool {
  protected readonly needed = 2;

  protected drawn(place: Point): Draft {
    const [first] = this.points;
    return first === undefined
      ? NO_DRAFT
      : { ...NO_DRAFT, shape: twoClickBox(first, place, this.desk.view().quarters) };
  }
}

/** The beginning and the end of the base line, in reading direction, then any place on the other side of the text. */
export class ThreePointTool extends DrawTool {
  protected readonly needed = 3;

  protected drawn(place: Point): Draft {
    const [start, end] = this.points;
    if (start === undefined) return NO_DRAFT;
    if (end === undefined) return { ...NO_DRAFT, line: [start, place] };
    return { ...NO_DRAFT, shape: threePointBox(start, end, place), line: [start, end] };
  }
}
