/** What dragging a handle does to a quad. Sides keep their directions, so that a rotated box stays one. */
import { add, cross, distance, dot, length, type Point, quarterTurned, scaled, subtract, unit } from "./point";
import { centreOf, mapped, type Quad } from "./quad";

const MIN_SIDE = 2; // pixels; a handle cannot be dragged through the side that stays

const corner = (quad: Quad, index: number): Point => quad[((index % 4) + 4) % 4] as Point;

/** The corner goes to `place`, the opposite one stays, the other two follow along their sides. */
export function cornerDragged(quad: Quad, index: number, place: Point): Quad {
  const anchor = corner(quad, index + 2);
  const first = subtract(corner(quad, index + 1), anchor);
  const second = subtract(corner(quad, index + 3), anchor);
  const spread = cross(first, second);
  if (spread === 0) return quad;
  const inSides = (vector: Point): Point => [cross(vector, second) / spread, cross(first, vector) / spread];
  const before = inSides(subtract(corner(quad, index), anchor));
  const after = inSides(subtract(place, anchor));
  const growth = [
    Math.max(after[0] / before[0], MIN_SIDE / length(first)),
    Math.max(after[1] / before[1], MIN_SIDE / length(second)),
  ] as const;
  if (!growth.every(Number.isFinite)) return quad;
  const dragged = add(anchor, add(scaled(first, growth[0] * before[0]), scaled(second, growth[1] * before[1])));
  const moved = new Map([
    [index % 4, dragged],
    [(index + 1) % 4, add(anchor, scaled(first, growth[0]))],
    [(index + 3) % 4, add(anchor, scaled(second, growth[1]))],
  ]);
  return mapped(quad, (old, at) => moved.get(at) ?? old);
}

/** One corner alone goes to `place`. */
export function cornerMoved(quad: Quad, index: number, place: Point): Quad {
  return mapped(quad, (old, at) => (at === index ? place : old));
}

/** The side from corner `index` to the next goes through `place`; its ends stay on their sides, the opposite side stays. */
export function sideDragged(quad: Quad, index: number, place: Point): Quad {
  const [start, end] = [corner(quad, index), corner(quad, index + 1)];
  const [behindStart, behindEnd] = [corner(quad, index + 3), corner(quad, index + 2)];
  const direction = unit(subtract(end, start));
  if (direction === null) return quad;
  const inward = quarterTurned(direction);
  const depth = (dot(subtract(behindStart, start), inward) + dot(subtract(behindEnd, end), inward)) / 2;
  if (depth <= 0) return quad;
  const wanted = depth - dot(subtract(place, start), inward);
  const growth = Math.max(wanted, MIN_SIDE) / depth;
  return mapped(quad, (old, at) => {
    if (at === index) return add(behindStart, scaled(subtract(start, behindStart), growth));
    if (at === (index + 1) % 4) return add(behindEnd, scaled(subtract(end, behindEnd), growth));
    return old;
  });
}

/** The angle (radians, clockwise) by which the quad turns about its centre while a hand moves from one place to another. */
export function angleBetween(quad: Quad, from: Point, to: Point): number {
  const centre = centreOf(quad);
  if (distance(centre, from) === 0 || distance(centre, to) === 0) return 0;
  const [before, after] = [subtract(from, centre), subtract(to, centre)];
  return Math.atan2(cross(before, after), dot(before, after));
}
