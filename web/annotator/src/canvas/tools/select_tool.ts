/**
 * Picks regions and changes the picked ones. Only what is selected moves, so that a drag across a dense drawing pans it.
 * Shift and a drag: all within a rubber band. Control: adds to the selection or takes out of it. Alt on a corner: that
 * corner alone.
 */
import { type Point, subtract } from "../../geometry/point";
import { boundsOf, contains, moved, type Quad, rotated } from "../../geometry/quad";
import { angleBetween, cornerDragged, cornerMoved, sideDragged } from "../../geometry/reshape";
import { type Handle, handleAt } from "../handles";
import { quadOnScreen } from "../view";
import { type Desk, type Draft, NO_DRAFT, type Pointing, type Tool, tidied } from "./tool";

const STRAIGHT = (2 * Math.PI) / 180; // within two degrees of level or upright a turned box becomes so

type Doing =
  | { readonly kind: "band"; readonly from: Point; readonly add: boolean }
  | { readonly kind: "move"; readonly from: Point; readonly outlines: ReadonlyMap<string, Quad> }
  | {
      readonly kind: "handle";
      readonly from: Point;
      readonly handle: Handle;
      readonly id: string;
      readonly quad: Quad;
    };

export class SelectTool implements Tool {
  draft: Draft = NO_DRAFT;
  readonly progress = null;
  #doing: Doing | null = null;

  constructor(private readonly desk: Desk) {}

  cursor(pointing: Pointing): string {
    const handle = this.#handleAt(pointing);
    if (handle !== null) return handle.handle.kind === "turn" ? "grab" : "crosshair";
    if (this.#selectedAt(pointing)) return "move";
    return this.#regionAt(pointing) === null ? "default" : "pointer";
  }

  press(pointing: Pointing): boolean {
    this.#doing = this.#beginning(pointing);
    return this.#doing !== null;
  }

  #beginning(pointing: Pointing): Doing | null {
    const from = pointing.place;
    if (pointing.shift) return { kind: "band", from, add: pointing.control };
    const grabbed = this.#handleAt(pointing);
    if (grabbed !== null) return { kind: "handle", from, ...grabbed };
    if (this.#selectedAt(pointing)) return { kind: "move", from, outlines: this.#selectedOutlines() };
    return null;
  }

  drag(pointing: Pointing): void {
    const doing = this.#doing;
    if (doing === null) return;
    if (doing.kind === "band") {
      this.draft = { ...NO_DRAFT, band: boundsOf([doing.from, pointing.place]) };
      return;
    }
    const wanted =
      doing.kind === "move"
        ? this.#movedBy(doing.outlines, subtract(pointing.place, doing.from))
        : new Map([[doing.id, this.#reshaped(doing.handle, doing.quad, doing.from, pointing)]]);
    const outlines = new Map<string, Quad>();
    for (const [id, quad] of wanted) {
      const tidy = tidied(quad, this.desk.sheet);
      if (tidy === null) return; // no text has such an outline: the last good one stays
      outlines.set(id, tidy);
    }
    this.draft = { ...NO_DRAFT, outlines };
  }

  drop(pointing: Pointing): void {
    this.drag(pointing);
    const [doing, { outlines, band }] = [this.#doing, this.draft];
    this.cancel();
    if (band !== null) {
      const kept = doing?.kind === "band" && doing.add ? this.desk.source.selection.peek() : [];
      this.desk.edits.select([...new Set([...kept, ...this.desk.index().touching(band)])]);
    } else if (outlines.size > 0) {
      this.desk.edits.reshape(outlines);
    }
  }

  click(pointing: Pointing): void {
    const grabbed = this.#doing?.kind === "handle";
    this.cancel();
    if (grabbed) return;
    const id = this.#regionAt(pointing);
    const selection = this.desk.source.selection.peek();
    if (!pointing.control && !pointing.shift) this.desk.edits.select(id === null ? [] : [id]);
    else if (id !== null) {
      const others = selection.filter((selected) => selected !== id);
      this.desk.edits.select(others.length < selection.length ? others : [...others, id]);
    }
  }

  hover(): void {}

  doubleClick(pointing: Pointing): void {
    const id = this.#regionAt(pointing);
    if (id !== null) this.desk.edits.open(id);
  }

  cancel(): boolean {
    const busy = this.#doing !== null;
    this.#doing = null;
    this.draft = NO_DRAFT;
    return busy;
  }

  #regionAt({ place, reach }: Pointing): string | null {
    return this.desk.index().at(place, reach / this.desk.view().scale);
  }

  #selectedAt(pointing: Pointing): boolean {
    const id = this.#regionAt(pointing);
    if (id !== null && this.desk.source.selection.peek().includes(id)) return true;
    return [...this.#selectedOutlines().values()].some((quad) => contains(quad, pointing.place));
  }

  #handleAt({ screen, reach }: Pointing): { handle: Handle; id: string; quad: Quad } | null {
    const [selected, ...more] = this.#selectedOutlines();
    if (selected === undefined || more.length > 0) return null;
    const [id, quad] = selected;
    const handle = handleAt(quadOnScreen(this.desk.view(), quad), screen, reach);
    return handle === null ? null : { handle, id, quad };
  }

  #selectedOutlines(): ReadonlyMap<string, Quad> {
    const selected = new Set(this.desk.source.selection.peek());
    const regions = this.desk.source.regions.peek().filter(({ id }) => selected.has(id));
    return new Map(regions.map(({ id, points }) => [id, points]));
  }

  /** All of them by the same way, as far as none leaves the sheet. */
  #movedBy(outlines: ReadonlyMap<string, Quad>, [x, y]: Point): ReadonlyMap<string, Quad> {
    const { left, top, right, bottom } = boundsOf([...outlines.values()].flat());
    const { width, height } = this.desk.sheet;
    const by: Point = [
      Math.min(Math.max(x, -left), Math.max(0, width - right)),
      Math.min(Math.max(y, -top), Math.max(0, height - bottom)),
    ];
    return new Map([...outlines].map(([id, quad]) => [id, moved(quad, by)]));
  }

  #reshaped(handle: Handle, quad: Quad, from: Point, { place, alt }: Pointing): Quad {
    if (handle.kind === "side") return sideDragged(quad, handle.index, place);
    if (handle.kind === "corner") return (alt ? cornerMoved : cornerDragged)(quad, handle.index, place);
    return straightened(rotated(quad, angleBetween(quad, from, place)));
  }
}

/** A box that is nearly level or upright on the sheet, made so. */
function straightened(quad: Quad): Quad {
  const side = subtract(quad[1], quad[0]);
  const angle = Math.atan2(side[1], side[0]);
  const quarter = Math.round(angle / (Math.PI / 2)) * (Math.PI / 2);
  return Math.abs(angle - quarter) < STRAIGHT ? rotated(quad, quarter - angle) : quad;
}
