/** How much two quads cover each other. A dented quad counts as what it is: it is cut into two triangles. */
import { between, cross, type Point, subtract } from "./point";
import { areaOf, boundsOf, overlaps, type Quad, sameQuad } from "./quad";

/** Intersection over union, 0 to 1. */
export function intersectionOverUnion(a: Quad, b: Quad): number {
  const shared = intersectionArea(a, b);
  const union = Math.abs(areaOf(a)) + Math.abs(areaOf(b)) - shared;
  return union > 0 ? Math.min(1, shared / union) : 0;
}

/** Square pixels that both cover. */
export function intersectionArea(a: Quad, b: Quad): number {
  // The machine's box, as several people accepted it: the commonest case by far.
  if (sameQuad(a, b)) return Math.abs(areaOf(a));
  if (!overlaps(boundsOf(a), boundsOf(b))) return 0;
  let area = 0;
  for (const first of triangles(a)) {
    for (const second of triangles(b)) area += Math.abs(areaOf(clipped(first, second)));
  }
  return area;
}

/** Two clockwise triangles; the cut runs from a dented corner, so that none reaches outside. */
function triangles(quad: Quad): (readonly Point[])[] {
  const [a, b, c, d] = areaOf(quad) < 0 ? [quad[3], quad[2], quad[1], quad[0]] : quad;
  const fromA = [
    [a, b, c],
    [a, c, d],
  ];
  return fromA.every((triangle) => areaOf(triangle) >= 0)
    ? fromA
    : [
        [b, c, d],
        [b, d, a],
      ];
}

/** Sutherland and Hodgman: the part of a polygon inside a clockwise convex one. */
function clipped(polygon: readonly Point[], window: readonly Point[]): readonly Point[] {
  let inside = polygon;
  for (let i = 0; i < window.length; i++) {
    const [start, end] = [window[i], window[(i + 1) % window.length]] as [Point, Point];
    const side = subtract(end, start);
    const depth = (place: Point) => cross(side, subtract(place, start));
    const kept: Point[] = [];
    inside.forEach((place, index) => {
      const previous = inside[(index + inside.length - 1) % inside.length] as Point;
      const [before, after] = [depth(previous), depth(place)];
      if (before < 0 !== after < 0) kept.push(between(previous, place, before / (before - after)));
      if (after >= 0) kept.push(place);
    });
    inside = kept;
  }
  return inside;
}
