/** Which part of the sheet the screen shows, how large, and turned by how many quarters. Screen places are CSS pixels. */
import type { Point } from "../geometry/point";
import { angleOf, type Bounds, boundsOf, mapped, type Quad } from "../geometry/quad";

export interface View {
  /** Screen pixels a sheet pixel. */
  readonly scale: number;
  /** Quarter turns of the sheet on the screen, clockwise: 0 to 3. */
  readonly quarters: number;
  /** Where the sheet's origin lies on the screen. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const MAX_SCALE = 16;
const MIN_SHARE = 0.5; // the sheet never gets smaller than half of what fits
const MARGIN = 0.02; // of the screen, around a sheet that fits
const KEPT = 64; // pixels of the sheet that cannot be pushed off the screen

/** A vector turned clockwise by quarters. */
export function quartersTurned([x, y]: Point, quarters: number): Point {
  switch (((quarters % 4) + 4) % 4) {
    case 1:
      return [-y, x];
    case 2:
      return [-x, -y];
    case 3:
      return [y, -x];
    default:
      return [x, y];
  }
}

export function toScreen(view: View, [x, y]: Point): Point {
  const [right, down] = quartersTurned([x * view.scale, y * view.scale], view.quarters);
  return [view.x + right, view.y + down];
}

export function toSheet(view: View, [x, y]: Point): Point {
  const [right, down] = quartersTurned([x - view.x, y - view.y], -view.quarters);
  return [right / view.scale, down / view.scale];
}

export function quadOnScreen(view: View, quad: Quad): Quad {
  return mapped(quad, (corner) => toScreen(view, corner));
}

/** What of the sheet lies below an upright rectangle of the screen. */
export function sheetBounds(view: View, { left, top, right, bottom }: Bounds): Bounds {
  return boundsOf([toSheet(view, [left, top]), toSheet(view, [right, bottom])]);
}

export function screenBounds(view: View, { left, top, right, bottom }: Bounds): Bounds {
  return boundsOf([toScreen(view, [left, top]), toScreen(view, [right, bottom])]);
}

export function panned(view: View, [right, down]: Point): View {
  return { ...view, x: view.x + right, y: view.y + down };
}

/** The same sheet place stays below `place` of the screen. */
export function zoomed(view: View, place: Point, factor: number): View {
  return {
    ...view,
    scale: view.scale * factor,
    x: place[0] + (view.x - place[0]) * factor,
    y: place[1] + (view.y - place[1]) * factor,
  };
}

/** The sheet turned clockwise about a place of the screen. */
export function turned(view: View, place: Point, quarters: number): View {
  const [right, down] = quartersTurned([view.x - place[0], view.y - place[1]], quarters);
  return { ...view, quarters: (((view.quarters + quarters) % 4) + 4) % 4, x: place[0] + right, y: place[1] + down };
}

/** The view in which a part of the sheet lies in the middle of the screen. */
export function centred(bounds: Bounds, screen: Size, scale: number, quarters: number): View {
  const middle: Point = [(bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2];
  const [right, down] = toScreen({ scale, quarters, x: 0, y: 0 }, middle);
  return { scale, quarters, x: screen.width / 2 - right, y: screen.height / 2 - down };
}

/** The whole sheet, with a little room around it. */
export function fitted(sheet: Size, screen: Size, quarters: number): View {
  const bounds = { left: 0, top: 0, right: sheet.width, bottom: sheet.height };
  return centred(bounds, screen, fittingScale(sheet, screen, quarters), quarters);
}

function fittingScale(sheet: Size, screen: Size, quarters: number): number {
  const [width, height] = quarters % 2 === 0 ? [sheet.width, sheet.height] : [sheet.height, sheet.width];
  const scale = Math.min(screen.width / width, screen.height / height) * (1 - 2 * MARGIN);
  return Math.min(MAX_SCALE, Math.max(scale, Number.MIN_VALUE));
}

/** The nearest view that is neither too small nor too large and keeps a strip of the sheet on the screen. */
export function within(view: View, sheet: Size, screen: Size): View {
  const least = fittingScale(sheet, screen, view.quarters) * MIN_SHARE;
  const scale = Math.min(MAX_SCALE, Math.max(least, view.scale));
  const scaled = scale === view.scale ? view : zoomed(view, [screen.width / 2, screen.height / 2], scale / view.scale);
  const { left, top, right, bottom } = screenBounds(scaled, {
    left: 0,
    top: 0,
    right: sheet.width,
    bottom: sheet.height,
  });
  const back = (low: number, high: number, room: number) =>
    Math.max(0, Math.min(KEPT, room) - high) - Math.max(0, low - Math.max(0, room - KEPT));
  return panned(scaled, [back(left, right, screen.width), back(top, bottom, screen.height)]);
}

/** How the sheet must lie so that a text reads from left to right: quarter turns clockwise. */
export function uprightQuarters(quad: Quad): number {
  return ((Math.round(-angleOf(quad) / (Math.PI / 2)) % 4) + 4) % 4;
}
