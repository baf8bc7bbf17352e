/** A place [x, y]: pixels of the upright original, y downwards, unless a name says `screen`. */
export type Point = readonly [x: number, y: number];

export function add(a: Point, b: Point): Point {
  return [a[0] + b[0], a[1] + b[1]];
}

export function subtract(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1]];
}

export function scaled(a: Point, factor: number): Point {
  return [a[0] * factor, a[1] * factor];
}

export function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1];
}

/** The z component of a × b: positive where b lies clockwise of a, since y runs downwards. */
export function cross(a: Point, b: Point): number {
  return a[0] * b[1] - a[1] * b[0];
}

export function length(a: Point): number {
  return Math.hypot(a[0], a[1]);
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

/** The place between a (share 0) and b (share 1). */
export function between(a: Point, b: Point, share: number): Point {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

/** The vector of length 1 in the direction of `a`, or null where `a` has no direction. */
export function unit(a: Point): Point | null {
  const norm = length(a);
  return norm > 0 && Number.isFinite(norm) ? [a[0] / norm, a[1] / norm] : null;
}

/** `a` turned by a quarter clockwise as seen, y downwards. */
export function quarterTurned(a: Point): Point {
  return [-a[1], a[0]];
}

/** `a` turned about `centre` by `angle` radians, clockwise as seen. */
export function turnedAbout(a: Point, centre: Point, angle: number): Point {
  const [x, y] = subtract(a, centre);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos];
}

/** The place on the line from a to b that is nearest to p, within the line's ends. */
export function nearestOnSegment(p: Point, a: Point, b: Point): Point {
  const along = subtract(b, a);
  const squared = dot(along, along);
  const share = squared === 0 ? 0 : dot(subtract(p, a), along) / squared;
  return between(a, b, Math.min(1, Math.max(0, share)));
}
