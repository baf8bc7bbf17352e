/** The drawing itself: which tiles a view needs, and painting what is there of them. */
import type { Signal } from "@preact/signals";
import { signal } from "@preact/signals";
import { type Bounds, overlaps } from "../geometry/quad";
import { TileMissing } from "./pyramid";
import { TileCache } from "./tile_cache";
import { keyOf, type TileAddress, type TileGrid } from "./tile_grid";
import { type LoadTile, TileLoader } from "./tile_loader";
import { quartersTurned, type Size, sheetBounds, toScreen, type View } from "./view";

/** Decoded tiles: a screen of four million pixels needs 16 to 64 MB. */
const MEMORY_BUDGET = 128_000_000;
const PREFETCHED_ROUND = 0.5; // of the screen, on every side
const BASE_LEVELS = 2; // the smallest levels are always wanted: something is there at once wherever one goes

/** `missing`: the drawing or a part of it is gone for good. `offline`: it is tried again by itself. */
export type SheetFailure = "missing" | "offline";

export class Sheet {
  /** False until the screen was once covered by tiles as sharp as it can show. */
  readonly sharp: Signal<boolean> = signal(false);

  /** Why tiles of what is on the screen do not come; null while they come. */
  readonly failure: Signal<SheetFailure | null> = signal(null);

  readonly #cache = new TileCache<ImageBitmap>(MEMORY_BUDGET);
  readonly #loader: TileLoader<ImageBitmap>;

  /**
   * @param grid How the sheet is cut.
   * @param load Fetches and decodes a tile.
   * @param changed A tile came: paint again.
   */
  constructor(
    readonly grid: TileGrid,
    private readonly load: LoadTile<ImageBitmap>,
    changed: () => void,
  ) {
    const loaded = (tile: TileAddress, picture: ImageBitmap) => {
      this.failure.value = null;
      this.#cache.put(keyOf(tile), picture);
      changed();
    };
    this.#loader = new TileLoader(load, loaded, (reason) => {
      this.failure.value = reason instanceof TileMissing ? "missing" : "offline";
    });
  }

  stop(): void {
    this.#loader.stop();
    this.#cache.clear();
  }

  /**
   * Paints what is there and asks for what is missing.
   *
   * @param context Of a transparent canvas of `screen` times `ratio` pixels; beside the sheet it stays so.
   * @param ratio Device pixels a screen pixel.
   */
  paint(context: CanvasRenderingContext2D, view: View, screen: Size, ratio: number): void {
    this.#cache.nextRound();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    const seen = sheetBounds(view, { left: 0, top: 0, right: screen.width, bottom: screen.height });
    const level = this.grid.levelFor(view.scale * ratio);
    const tiles = this.grid.tilesIn(seen, level);
    context.imageSmoothingEnabled = view.scale * ratio < 3; // larger, a person wants to see the pixels
    for (const tile of tiles) this.#paintTile(context, view, ratio, tile);
    const missing = tiles.filter((tile) => !this.#cache.has(keyOf(tile)));
    if (missing.length === 0) this.sharp.value = true;
    this.#loader.want(this.#wanted(seen, level, missing));
  }

  #wanted(seen: Bounds, level: number, missing: readonly TileAddress[]): readonly TileAddress[] {
    const [width, height] = [seen.right - seen.left, seen.bottom - seen.top].map((side) => side * PREFETCHED_ROUND) as [
      number,
      number,
    ];
    const around = {
      left: seen.left - width,
      top: seen.top - height,
      right: seen.right + width,
      bottom: seen.bottom + height,
    };
    const all = { left: 0, top: 0, right: this.grid.width, bottom: this.grid.height };
    const base = [...Array(Math.min(BASE_LEVELS, level)).keys()].flatMap((small) => this.grid.tilesIn(all, small));
    const spare = [
      ...base.slice(1),
      ...this.grid.tilesIn(around, level),
      ...(level > 0 ? this.grid.tilesIn(around, level - 1) : []),
    ];
    const wanted = new Map([...base.slice(0, 1), ...missing, ...spare].map((tile) => [keyOf(tile), tile]));
    return [...wanted].filter(([key]) => !this.#cache.has(key)).map(([, tile]) => tile);
  }

  /** The tile, or else what coarser and finer levels have of it. */
  #paintTile(context: CanvasRenderingContext2D, view: View, ratio: number, tile: TileAddress): void {
    const bounds = this.grid.boundsOf(tile);
    const picture = this.#cache.get(keyOf(tile));
    if (picture !== undefined) {
      this.#paintPart(context, view, ratio, picture, tile, bounds);
      return;
    }
    for (let parent = this.grid.parentOf(tile); parent !== null; parent = this.grid.parentOf(parent)) {
      const coarse = this.#cache.get(keyOf(parent));
      if (coarse === undefined) continue;
      this.#paintPart(context, view, ratio, coarse, parent, bounds);
      break;
    }
    for (const child of this.grid.childrenOf(tile)) {
      const fine = this.#cache.get(keyOf(child));
      if (fine !== undefined) this.#paintPart(context, view, ratio, fine, child, this.grid.boundsOf(child));
    }
  }

  /** The part of a tile's picture that shows `bounds`, its sides on whole device pixels so that tiles meet without a seam. */
  #paintPart(
    context: CanvasRenderingContext2D,
    view: View,
    ratio: number,
    picture: ImageBitmap,
    tile: TileAddress,
    bounds: Bounds,
  ): void {
    const whole = this.grid.boundsOf(tile);
    if (!overlaps(whole, bounds)) return;
    const across = picture.width / (whole.right - whole.left);
    const down = picture.height / (whole.bottom - whole.top);
    const [x, y] = toScreen(view, [bounds.left, bounds.top]).map((value) => Math.round(value * ratio)) as [
      number,
      number,
    ];
    const [endX, endY] = toScreen(view, [bounds.right, bounds.bottom]).map((value) => Math.round(value * ratio)) as [
      number,
      number,
    ];
    const [width, height] = quartersTurned([endX - x, endY - y], -view.quarters);
    const [cos, sin] = quartersTurned([1, 0], view.quarters);
    context.setTransform(cos, sin, -sin, cos, x, y);
    context.drawImage(
      picture,
      (bounds.left - whole.left) * across,
      (bounds.top - whole.top) * down,
      (bounds.right - bounds.left) * across,
      (bounds.bottom - bounds.top) * down,
      0,
      0,
      width,
      height,
    );
  }

  /** The tile's picture, from memory or from the network. */
  async picture(tile: TileAddress, signal: AbortSignal): Promise<ImageBitmap> {
    const kept = this.#cache.get(keyOf(tile));
    if (kept !== undefined) return kept;
    const loaded = await this.load(tile, signal);
    this.#cache.put(keyOf(tile), loaded);
    return loaded;
  }
}
