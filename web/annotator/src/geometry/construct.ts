/** Quads out of the places where a person clicked. */
import { add, cross, dot, type Point, quarterTurned, scaled, subtract, unit } from "./point";
import { areaOf, boundsOf, mapped, type Quad, quadOf, readFrom } from "./quad";

/**
 * The upright box between two opposite corners.
 *
 * @param quarters How far the sheet is turned clockwise on the screen: the text reads upright there.
 */
export function twoClickBox(a: Point, b: Point, quarters: number): Quad {
  return readFrom(quadOf(boundsOf([a, b])), -quarters);
}

/**
 * The rectangle on the base line from `start` to `end`, in reading direction, whose other long side runs through
 * `opposite`. The base line may be the lower or the upper side of the text. Null where start and end are one place.
 */
export function threePointBox(start: Point, end: Point, opposite: Point): Quad | null {
  const direction = unit(subtract(end, start));
  if (direction === null) return null;
  const down = quarterTurned(direction);
  const depth = dot(subtract(opposite, start), down);
  const across = scaled(down, depth);
  const [otherStart, otherEnd] = [add(start, across), add(end, across)];
  return depth >= 0 ? [start, end, otherEnd, otherStart] : [otherStart, otherEnd, end, start];
}

/**
 * Four corners in any order as an outline: clockwise, and first the one at the top left of a text that is read in the
 * direction `angle` (radians clockwise from the x axis).
 */
export function clockwiseFromTopLeft(corners: Quad, angle: number): Quad {
  const centre: Point = [
    (corners[0][0] + corners[1][0] + corners[2][0] + corners[3][0]) / 4,
    (corners[0][1] + corners[1][1] + corners[2][1] + corners[3][1]) / 4,
  ];
  const bearing = (place: Point) => Math.atan2(place[1] - centre[1], place[0] - centre[0]);
  const around = [...corners].sort((a, b) => bearing(a) - bearing(b)) as unknown as Quad;
  const clockwise: Quad = areaOf(around) < 0 ? [around[3], around[2], around[1], around[0]] : around;
  const reading: Point = [Math.cos(angle), Math.sin(angle)];
  // The top is the side that runs along the reading direction, with the rest of the box clockwise of it.
  const along = mapped(clockwise, (corner, index) => {
    const side = subtract(clockwise[(index + 1) % 4] as Point, corner);
    return [dot(side, reading), Math.abs(cross(side, reading))];
  }).map(([forward, aside]) => (forward - aside) / (Math.abs(forward) + aside || 1));
  return readFrom(clockwise, along.indexOf(Math.max(...along)));
}
