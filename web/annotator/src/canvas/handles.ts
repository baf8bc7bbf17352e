/** The handles of the current region: its corners, the middles of its sides, and a knob above its top that turns it. */
import { add, between, distance, type Point, quarterTurned, scaled, subtract, unit } from "../geometry/point";
import { heightOf, type Quad, widthOf } from "../geometry/quad";

export type Handle =
  | { readonly kind: "corner"; readonly index: number }
  | { readonly kind: "side"; readonly index: number }
  | { readonly kind: "turn" };

export interface PlacedHandle {
  readonly handle: Handle;
  /** On the screen. */
  readonly place: Point;
}

const KNOB_AWAY = 26; // screen pixels from the top
const ROOM_FOR_SIDES = 36; // screen pixels of a side; on a shorter one its middle would hide the corners
const ROOM_FOR_HANDLES = 10; // screen pixels of a box; a smaller one they would hide, and it can be moved only
const SHARE_OF_SMALL_BOX = 0.3; // of its lesser measure: the middle of a small box stays free for moving it

/** @param quad On the screen. */
export function handlesOf(quad: Quad): PlacedHandle[] {
  if (Math.min(widthOf(quad), heightOf(quad)) < ROOM_FOR_HANDLES) return [];
  const handles: PlacedHandle[] = quad.map((place, index) => ({ handle: { kind: "corner", index }, place }));
  quad.forEach((start, index) => {
    const end = quad[(index + 1) % 4] as Point;
    if (distance(start, end) >= ROOM_FOR_SIDES) {
      handles.push({ handle: { kind: "side", index }, place: between(start, end, 0.5) });
    }
  });
  const direction = unit(subtract(quad[1], quad[0]));
  if (direction !== null) {
    const away = scaled(quarterTurned(direction), -KNOB_AWAY);
    handles.push({ handle: { kind: "turn" }, place: add(between(quad[0], quad[1], 0.5), away) });
  }
  return handles;
}

/**
 * The handle that a person means by pointing at `place`.
 *
 * @param quad On the screen.
 * @param reach Screen pixels.
 */
export function handleAt(quad: Quad, place: Point, reach: number): Handle | null {
  const near = Math.min(reach, Math.max(3, SHARE_OF_SMALL_BOX * Math.min(widthOf(quad), heightOf(quad))));
  let best: Handle | null = null;
  let least = Infinity;
  for (const { handle, place: at } of handlesOf(quad)) {
    const away = distance(at, place);
    if (away > (handle.kind === "turn" ? reach : near) || away >= least) continue;
    [best, least] = [handle, away];
  }
  return best;
}
