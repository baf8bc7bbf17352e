/**
 * Mouse, pen and fingers on the canvas. A pointer works with the tool where the tool takes it, and pans elsewhere; the
 * middle button, and any button while the space bar is down, always pans; two fingers pan and zoom; the wheel zooms.
 */
import { between, distance, type Point, subtract } from "../geometry/point";
import type { Pointing, Tool } from "./tools/tool";
import { panned, toSheet, type View, zoomed } from "./view";

export interface Stage {
  readonly element: HTMLElement;
  tool(): Tool;
  view(): View;
  look(view: View): void;
  /** The place, or the nearest one that the sheet has. */
  onSheet(place: Point): Point;
  /** The tool has done something: paint. */
  changed(): void;
}

const REACH = { mouse: 6, pen: 8, touch: 18 } as const; // screen pixels
const SLIP = { mouse: 4, pen: 6, touch: 10 } as const; // screen pixels that a click may move
const DOUBLE_CLICK_MS = 400;
const WHEEL_STEP = 0.0015; // zoom a wheel pixel, as an exponent of e
const PINCH_STEP = 0.01; // the same on a trackpad, whose pinch comes as a wheel with the control key
const LINE = 16; // pixels of a wheel that counts lines

interface Press {
  readonly from: Point;
  readonly pans: boolean;
  moved: boolean;
}

export class Pointers {
  /** Where on the screen a pointer stands over the drawing; null where none does. */
  at: Point | null = null;
  readonly #down = new Map<number, Point>();
  #press: Press | null = null;
  #lastClick: { at: Point; time: number } | null = null;
  #space = false;
  readonly #listening = new AbortController();

  constructor(private readonly stage: Stage) {
    const { signal } = this.#listening;
    const { element } = stage;
    element.addEventListener("pointerdown", (event) => this.#onDown(event), { signal });
    element.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    element.addEventListener("pointerup", (event) => this.#onUp(event), { signal });
    element.addEventListener("pointercancel", (event) => this.#onCancel(event), { signal });
    const onLeave = () => {
      this.at = null;
    };
    element.addEventListener("pointerleave", onLeave, { signal });
    element.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    const onSpace = (event: KeyboardEvent) => {
      if (event.code === "Space" && event.target === element) this.#space = event.type === "keydown";
    };
    element.addEventListener("keydown", onSpace, { signal });
    element.addEventListener("keyup", onSpace, { signal });
  }

  stop(): void {
    this.#listening.abort();
  }

  #place(event: MouseEvent): Point {
    const { left, top } = this.stage.element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #pointing(event: PointerEvent): Pointing {
    const screen = this.#place(event);
    return {
      place: this.stage.onSheet(toSheet(this.stage.view(), screen)),
      screen,
      reach: REACH[kindOf(event)],
      shift: event.shiftKey,
      alt: event.altKey,
      control: event.ctrlKey || event.metaKey,
      stepped: false,
    };
  }

  #onDown(event: PointerEvent): void {
    if (event.button > 1 || this.#down.size >= 2) return;
    this.stage.element.setPointerCapture(event.pointerId);
    this.#down.set(event.pointerId, this.#place(event));
    if (this.#down.size === 2) {
      this.stage.tool().cancel();
      this.#press = null;
    } else {
      const pans = event.button === 1 || this.#space || !this.stage.tool().press(this.#pointing(event));
      this.#press = { from: this.#place(event), pans, moved: false };
    }
    this.stage.changed();
  }

  #onMove(event: PointerEvent): void {
    const place = this.#place(event);
    const before = this.#down.get(event.pointerId);
    if (before === undefined) {
      this.#hover(event);
      return;
    }
    const press = this.#press;
    if (press === null) {
      this.#pinch(event.pointerId, place);
      return;
    }
    press.moved ||= distance(press.from, place) > SLIP[kindOf(event)];
    if (!press.moved) return;
    this.#down.set(event.pointerId, place);
    if (press.pans) {
      this.stage.element.style.cursor = "grabbing";
      this.stage.look(panned(this.stage.view(), subtract(place, before)));
      return;
    }
    this.stage.tool().drag(this.#pointing(event));
    this.stage.changed();
  }

  #hover(event: PointerEvent): void {
    const pointing = this.#pointing(event);
    this.at = pointing.screen;
    this.stage.tool().hover(pointing);
    this.stage.element.style.cursor = this.#space ? "grab" : this.stage.tool().cursor(pointing);
    this.stage.changed();
  }

  /** Two fingers: the places of the sheet below them stay below them. */
  #pinch(pointer: number, place: Point): void {
    const other = [...this.#down].find(([id]) => id !== pointer)?.[1];
    const before = this.#down.get(pointer);
    this.#down.set(pointer, place);
    if (other === undefined || before === undefined) return;
    const [was, is] = [between(before, other, 0.5), between(place, other, 0.5)];
    const apart = distance(before, other);
    const factor = apart > 0 ? distance(place, other) / apart : 1;
    this.stage.look(zoomed(panned(this.stage.view(), subtract(is, was)), is, factor));
  }

  #onUp(event: PointerEvent): void {
    if (!this.#down.delete(event.pointerId)) return;
    const press = this.#press;
    this.#press = null;
    if (press === null) return;
    const pointing = this.#pointing(event);
    const tool = this.stage.tool();
    if (press.moved && !press.pans) tool.drop(pointing);
    if (!press.moved && event.button === 0 && !this.#space) {
      tool.click(pointing);
      const last = this.#lastClick;
      const again =
        last !== null &&
        event.timeStamp - last.time < DOUBLE_CLICK_MS &&
        distance(last.at, pointing.screen) <= 2 * SLIP[kindOf(event)];
      this.#lastClick = again ? null : { at: pointing.screen, time: event.timeStamp };
      if (again) tool.doubleClick(pointing);
    }
    this.#hover(event);
  }

  #onCancel(event: PointerEvent): void {
    if (!this.#down.delete(event.pointerId)) return;
    this.#press = null;
    this.stage.tool().cancel();
    this.stage.changed();
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * LINE : event.deltaY;
    const factor = Math.exp(-pixels * (event.ctrlKey ? PINCH_STEP : WHEEL_STEP));
    this.stage.look(zoomed(this.stage.view(), this.#place(event), Math.min(2, Math.max(0.5, factor))));
  }
}

function kindOf(event: PointerEvent): "mouse" | "pen" | "touch" {
  return event.pointerType === "touch" || event.pointerType === "pen" ? event.pointerType : "mouse";
}
