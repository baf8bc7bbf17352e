/**
 * The outline of a text: four corners, clockwise from the text's own top left, in pixels of the upright original. The
 * first side runs along the top of the text in reading direction, however the text is turned.
 */
import { add, between, cross, distance, nearestOnSegment, type Point, scaled, subtract, turnedAbout } from "./point";

export type Quad = readonly [Point, Point, Point, Point];

/** An upright rectangle; `left <= right`, `top <= bottom`. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const MIN_AREA = 1; // square pixels; less holds no text (drawing_ocr/annotation.py has the same)

/** A quad of the four places that `place` gives for the corners. */
export function mapped(quad: Quad, place: (corner: Point, index: number) => Point): Quad {
  return [place(quad[0], 0), place(quad[1], 1), place(quad[2], 2), place(quad[3], 3)];
}

export function moved(quad: Quad, by: Point): Quad {
  return mapped(quad, (corner) => add(corner, by));
}

/** The quad turned about its centre by `angle` radians, clockwise as seen. */
export function rotated(quad: Quad, angle: number): Quad {
  const centre = centreOf(quad);
  return mapped(quad, (corner) => turnedAbout(corner, centre, angle));
}

/** The quad with room around it, `by` pixels on every side. */
export function outset(quad: Quad, by: number): Quad {
  const along = scaled(add(subtract(quad[1], quad[0]), subtract(quad[2], quad[3])), by / 2 / widthOf(quad));
  const down = scaled(add(subtract(quad[3], quad[0]), subtract(quad[2], quad[1])), by / 2 / heightOf(quad));
  return [
    subtract(subtract(quad[0], along), down),
    subtract(add(quad[1], along), down),
    add(add(quad[2], along), down),
    add(subtract(quad[3], along), down),
  ];
}

/** The same outline for a text that reads `quarters` quarter turns further clockwise: another corner is its top left. */
export function readFrom(quad: Quad, quarters: number): Quad {
  return mapped(quad, (_, index) => quad[(((index + quarters) % 4) + 4) % 4] as Point);
}

export function centreOf(quad: Quad): Point {
  return between(between(quad[0], quad[2], 0.5), between(quad[1], quad[3], 0.5), 0.5);
}

/** The mean length of top and bottom, pixels. */
export function widthOf(quad: Quad): number {
  return (distance(quad[0], quad[1]) + distance(quad[3], quad[2])) / 2;
}

/** The mean length of the left and the right side, pixels. */
export function heightOf(quad: Quad): number {
  return (distance(quad[0], quad[3]) + distance(quad[1], quad[2])) / 2;
}

/** The direction in which the text is read: radians clockwise from the x axis, in (-π, π]. */
export function angleOf(quad: Quad): number {
  const [x, y] = add(subtract(quad[1], quad[0]), subtract(quad[2], quad[3]));
  return Math.atan2(y, x);
}

/** Square pixels; negative where the corners run counter-clockwise. */
export function areaOf(polygon: readonly Point[]): number {
  let doubled = 0;
  polygon.forEach((corner, index) => {
    doubled += cross(corner, polygon[(index + 1) % polygon.length] as Point);
  });
  return doubled / 2;
}

export function boundsOf(points: readonly Point[]): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right, bottom };
}

/** The upright box as a quad whose text reads from left to right. */
export function quadOf({ left, top, right, bottom }: Bounds): Quad {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

export function overlaps(a: Bounds, b: Bounds): boolean {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
}

/** Whether the place lies inside, by the even-odd rule. */
export function contains(quad: Quad, [x, y]: Point): boolean {
  let inside = false;
  for (let i = 0; i < 4; i++) {
    const [ax, ay] = quad[i] as Point;
    const [bx, by] = quad[(i + 1) % 4] as Point;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** How far the place is from the nearest side, pixels. */
export function distanceToOutline(quad: Quad, place: Point): number {
  const sides = quad.map((corner, index) => nearestOnSegment(place, corner, quad[(index + 1) % 4] as Point));
  return Math.min(...sides.map((nearest) => distance(place, nearest)));
}

/** Why four corners cannot be the outline of a text, or null when they can: `polygon_fault` of drawing_ocr/annotation.py. */
export function faultOf(quad: Quad): "not finite" | "counter-clockwise" | "too small" | "sides cross" | null {
  if (!quad.flat().every(Number.isFinite)) return "not finite";
  let leftTurns = 0;
  for (let i = 0; i < 4; i++) {
    const [a, b, c] = [quad[i], quad[(i + 1) % 4], quad[(i + 2) % 4]] as [Point, Point, Point];
    if (cross(subtract(b, a), subtract(c, b)) < 0) leftTurns++;
  }
  const area = areaOf(quad);
  if (area <= -MIN_AREA && leftTurns >= 3) return "counter-clockwise";
  if (area < MIN_AREA) return "too small";
  return leftTurns > 1 ? "sides cross" : null;
}

/** Whether all corners are the same, from the same first one. */
export function sameQuad(left: Quad, right: Quad): boolean {
  return left.every((point, corner) => point[0] === right[corner]?.[0] && point[1] === right[corner]?.[1]);
}
