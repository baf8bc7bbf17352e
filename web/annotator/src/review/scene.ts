/** The piece of the drawing on which versions are compared: one picture for all of them, upright as the text reads. */
import { add, dot, type Point, scaled, subtract, unit } from "../geometry/point";
import { angleOf, type Quad } from "../geometry/quad";

export interface Scene {
  /** On the drawing: a rectangle along the text, around all versions' boxes. */
  readonly outline: Quad;
  /** Pixels of the drawing. */
  readonly width: number;
  readonly height: number;
}

const AROUND = 0.35; // of the height of the text, seen on every side
const LEAST = 8; // pixels, where the text is tiny

/** @param quads What is compared; the first says which way is up. */
export function sceneAround(quads: readonly [Quad, ...Quad[]]): Scene {
  const along = direction(quads[0]);
  const down: Point = [-along[1], along[0]];
  const corners = quads.flat();
  const [xs, ys] = [corners.map((corner) => dot(corner, along)), corners.map((corner) => dot(corner, down))];
  const margin = Math.max(LEAST, AROUND * (Math.max(...ys) - Math.min(...ys)));
  const [left, right] = [Math.min(...xs) - margin, Math.max(...xs) + margin];
  const [top, bottom] = [Math.min(...ys) - margin, Math.max(...ys) + margin];
  const corner = (x: number, y: number) => add(scaled(along, x), scaled(down, y));
  const outline: Quad = [corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)];
  return { outline, width: right - left, height: bottom - top };
}

/** Where a corner of the drawing is in the scene, pixels from its top left. */
export function inScene({ outline, width, height }: Scene, corner: Point): Point {
  const from = subtract(corner, outline[0]);
  const share = (towards: Point, length: number) => dot(from, subtract(towards, outline[0])) / length;
  return [share(outline[1], width), share(outline[3], height)];
}

function direction(quad: Quad): Point {
  const angle = angleOf(quad);
  return unit([Math.cos(angle), Math.sin(angle)]) ?? [1, 0];
}
