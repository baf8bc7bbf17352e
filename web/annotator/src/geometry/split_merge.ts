/** One text cut in two, several texts made one. */
import { between, dot, type Point, subtract, turnedAbout } from "./point";
import { angleOf, boundsOf, mapped, type Quad, quadOf, widthOf } from "./quad";

/** The two parts of a quad, in reading order, cut across the text at a share (0 to 1) of its length. */
export function splitAt(quad: Quad, share: number): readonly [Quad, Quad] {
  const top = between(quad[0], quad[1], share);
  const bottom = between(quad[3], quad[2], share);
  return [
    [quad[0], top, bottom, quad[3]],
    [top, quad[1], quad[2], bottom],
  ];
}

/** How far along the text a place lies: 0 at its beginning, 1 at its end, not beyond. */
export function shareAlong(quad: Quad, place: Point): number {
  const [start, end] = [between(quad[0], quad[3], 0.5), between(quad[1], quad[2], 0.5)];
  const along = subtract(end, start);
  const squared = dot(along, along);
  const share = squared === 0 ? 0 : dot(subtract(place, start), along) / squared;
  return Math.min(1, Math.max(0, share));
}

/** The smallest box around all of them that is turned as they are, long texts counting more. */
export function mergedBox(quads: readonly [Quad, ...Quad[]]): Quad {
  let [x, y] = [0, 0];
  for (const quad of quads) {
    x += Math.cos(angleOf(quad)) * widthOf(quad);
    y += Math.sin(angleOf(quad)) * widthOf(quad);
  }
  const angle = Math.atan2(y, x);
  const origin: Point = [0, 0];
  const level = quads.flat().map((corner) => turnedAbout(corner, origin, -angle));
  return mapped(quadOf(boundsOf(level)), (corner) => turnedAbout(corner, origin, angle));
}

/** The order in which texts on the same lines are read: the indices of the quads. */
export function readingOrder(quads: readonly [Quad, ...Quad[]]): number[] {
  const angle = angleOf(mergedBox(quads));
  const level = quads.map((quad) => boundsOf(quad.map((corner) => turnedAbout(corner, [0, 0], -angle))));
  const middle = (index: number) => ((level[index]?.top ?? 0) + (level[index]?.bottom ?? 0)) / 2;
  const byHeight = quads.map((_, index) => index).sort((a, b) => middle(a) - middle(b));
  const lines: number[][] = [];
  for (const index of byHeight) {
    const line = lines.at(-1);
    const first = line?.[0];
    const sameLine = first !== undefined && middle(index) < (level[first]?.bottom ?? 0);
    if (line !== undefined && sameLine) line.push(index);
    else lines.push([index]);
  }
  return lines.flatMap((line) => line.sort((a, b) => (level[a]?.left ?? 0) - (level[b]?.left ?? 0)));
}
