/** The sheet's own pixels around a region: for fitting it to its ink, for showing it large, for reading it again. */
import { columnsToEdge } from "../geometry/ink_edge";
import { add, distance, type Point, quarterTurned, scaled, subtract, unit } from "../geometry/point";
import { type Bounds, boundsOf, heightOf, mapped, outset, type Quad, widthOf } from "../geometry/quad";
import { type Pixels, rectified } from "../geometry/rectify";
import { snappedToInk } from "../geometry/snap";
import type { Sheet } from "./sheet";
import type { TileAddress } from "./tile_grid";

const LARGEST_READ = 16_000_000; // pixels at once: 64 MB; of a larger place a coarser level is read
const SNAP_HEIGHT = 48; // pixels of text height in which ink is looked for
const LONGEST_CROP = 4096; // pixels

/** A quad with its sides on the ink inside, or null where there is none. Rejects where the tiles cannot be had. */
export async function snapped(sheet: Sheet, quad: Quad, signal: AbortSignal): Promise<Quad | null> {
  const room = heightOf(quad);
  const bounds = boundsOf(quad);
  const around = {
    left: bounds.left - room,
    top: bounds.top - room,
    right: bounds.right + room,
    bottom: bounds.bottom + room,
  };
  const read = await readPixels(sheet, around, Math.min(1, SNAP_HEIGHT / heightOf(quad)), signal);
  const found = snappedToInk(read.pixels, mapped(quad, read.toPixels));
  return found === null ? null : mapped(found, read.toSheet);
}

/**
 * The text of a quad, upright and straight.
 *
 * @param height Of the result, pixels; where it would get longer than 4,096 it gets lower instead.
 * @param margin Of the text's height, shown on every side.
 */
export async function cropped(
  sheet: Sheet,
  quad: Quad,
  height: number,
  margin: number,
  signal: AbortSignal,
): Promise<ImageData> {
  const grown = outset(quad, margin * heightOf(quad));
  const long = (height * widthOf(grown)) / heightOf(grown);
  const shrink = Math.min(1, LONGEST_CROP / long);
  const [columns, rows] = [Math.max(1, Math.round(long * shrink)), Math.max(1, Math.round(height * shrink))];
  const read = await readPixels(sheet, boundsOf(grown), rows / heightOf(grown), signal);
  const { data } = rectified(read.pixels, mapped(grown, read.toPixels), columns, rows);
  return new ImageData(data, columns, rows);
}

/**
 * Where ink begins or ends on the way from one place to another, or null where there is none.
 *
 * @param breadth How far beside the way ink is looked for, sheet pixels in all.
 * @param gap Sheet pixels of paper that end a text.
 * @param scale Pixels that are looked at for each of the sheet.
 */
export async function inkEdge(
  sheet: Sheet,
  [from, to]: readonly [Point, Point],
  { breadth, gap, scale }: { readonly breadth: number; readonly gap: number; readonly scale: number },
  signal: AbortSignal,
): Promise<Point | null> {
  const ahead = unit(subtract(to, from));
  if (ahead === null) return null;
  const aside = scaled(quarterTurned(ahead), breadth / 2);
  const strip: Quad = [subtract(from, aside), subtract(to, aside), add(to, aside), add(from, aside)];
  const columns = Math.ceil(distance(from, to) * scale);
  const read = await readPixels(sheet, boundsOf(strip), scale, signal);
  const patch = rectified(read.pixels, mapped(strip, read.toPixels), columns, Math.ceil(breadth * scale));
  const found = columnsToEdge(patch, gap * scale);
  return found === null ? null : add(from, scaled(ahead, Math.min(distance(from, to), found / scale)));
}

interface Read {
  readonly pixels: Pixels;
  readonly toPixels: (place: Point) => Point;
  readonly toSheet: (place: Point) => Point;
}

/** What of the sheet lies in `bounds`, sharp enough for `scale` pixels a sheet pixel. */
async function readPixels(sheet: Sheet, bounds: Bounds, scale: number, signal: AbortSignal): Promise<Read> {
  const { grid } = sheet;
  const area = (bounds.right - bounds.left) * (bounds.bottom - bounds.top);
  const level = grid.levelFor(Math.min(scale, Math.sqrt(LARGEST_READ / area)));
  const reduction = grid.reduction(level);
  const [left, top] = [Math.floor(bounds.left / reduction), Math.floor(bounds.top / reduction)];
  const width = Math.max(1, Math.ceil(bounds.right / reduction) - left);
  const height = Math.max(1, Math.ceil(bounds.bottom / reduction) - top);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("the browser has no memory for the pixels of this region: close other pages");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  const draw = async (tile: TileAddress) => {
    const picture = await sheet.picture(tile, signal); // drawn at once: memory may be wanted for another tile later
    context.drawImage(picture, tile.column * grid.tile - left, tile.row * grid.tile - top);
  };
  await Promise.all(grid.tilesIn(bounds, level).map(draw));
  return {
    pixels: context.getImageData(0, 0, width, height),
    toPixels: ([x, y]) => [x / reduction - left, y / reduction - top],
    toSheet: ([x, y]) => [(x + left) * reduction, (y + top) * reduction],
  };
}
