/**
 * Drawing by keys: a cross-hair that goes by steps or leaps to the next ink, and sets the places of a new region. It is the
 * cross-hair of the drawing tool, so that a pointer can go on with what keys began.
 */
import { add, type Point, scaled, unit } from "../geometry/point";
import type { Tool } from "./tools/tool";
import { panned, type Size, toScreen, toSheet, type View } from "./view";

const EDGE = 48; // screen pixels that the cross-hair stays away from the screen's edge: the sheet follows it
const REACH = 0.5; // of the screen's width: how far a leap looks for ink, and goes where there is none

export interface CrosshairStage {
  tool(): Tool;
  view(): View;
  look(view: View): void;
  screen(): Size;
  /** The place, or the nearest one that the sheet has. */
  onSheet(place: Point): Point;
  /** Where ink begins or ends on the way from one place of the sheet to another; null where there is none. */
  edge(from: Point, to: Point): Promise<Point | null>;
  /** The tool has done something: paint. */
  changed(): void;
}

export class Crosshair {
  /** Keys are obeyed in the order in which they were pressed, also when a leap waits for the drawing. */
  #obeyed: Promise<void> = Promise.resolve();

  constructor(private readonly stage: CrosshairStage) {}

  /** @param at On the screen. */
  begin(at: Point): void {
    this.#aim(toSheet(this.stage.view(), at));
  }

  /** @param pixels Of the screen. */
  step(direction: Point, pixels: number): Promise<void> {
    return this.#obey((place) => this.#aim(this.#beside(place, direction, pixels)));
  }

  leap(direction: Point): Promise<void> {
    return this.#obey(async (place) => {
      const most = this.#beside(place, direction, REACH * this.stage.screen().width);
      const found = await this.stage.edge(place, most).catch(() => null);
      this.#aim(found ?? most);
    });
  }

  /** The next place of the region is where the cross-hair stands. */
  set(): Promise<void> {
    return this.#obey((place) => {
      const pointing = this.#pointing(place);
      const { set } = this.stage.tool().progress ?? { set: 0 };
      if (set === 0) this.stage.tool().press(pointing);
      this.stage.tool().click(pointing);
      this.stage.changed();
    });
  }

  #obey(act: (place: Point) => void | Promise<void>): Promise<void> {
    this.#obeyed = this.#obeyed.then(async () => {
      const place = this.stage.tool().draft.cross;
      if (place !== null) await act(place);
    });
    return this.#obeyed;
  }

  #aim(place: Point): void {
    const { tool, onSheet, changed } = this.stage;
    const aimed = onSheet(place);
    tool().hover(this.#pointing(aimed));
    this.#follow(aimed);
    changed();
  }

  /** A place beside another one, in a direction of the screen and pixels of the screen. */
  #beside(place: Point, direction: Point, pixels: number): Point {
    const view = this.stage.view();
    return this.stage.onSheet(toSheet(view, add(toScreen(view, place), scaled(unit(direction) ?? [0, 0], pixels))));
  }

  #follow(place: Point): void {
    const view = this.stage.view();
    const { width, height } = this.stage.screen();
    const [x, y] = toScreen(view, place);
    const back = (at: number, room: number) =>
      Math.max(0, Math.min(EDGE, room / 2) - at) - Math.max(0, at - Math.max(room / 2, room - EDGE));
    const by: Point = [back(x, width), back(y, height)];
    if (by[0] !== 0 || by[1] !== 0) this.stage.look(panned(view, by));
  }

  #pointing(place: Point) {
    const screen = toScreen(this.stage.view(), place);
    return { place, screen, reach: 0, shift: false, alt: false, control: false, stepped: true };
  }
}
