/** How a sheet is cut into levels and tiles. Level 0 is one tile; the last level is the sheet pixel by pixel. */
import type { Bounds } from "../geometry/quad";
import type { Size } from "./view";

export interface TileAddress {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

export function keyOf({ level, column, row }: TileAddress): string {
  return `${level}/${column}/${row}`;
}

/** At most this much may a level be enlarged on the screen before the next one is loaded. */
const TOLERATED_BLUR = 1.15;

export class TileGrid implements Size {
  /**
   * @param width Of the sheet, pixels.
   * @param height Of the sheet, pixels.
   * @param tile Side of a tile, pixels; those at the right and lower edge hold what is left.
   * @param levels How many.
   */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly tile: number,
    readonly levels: number,
  ) {}

  /** How many sheet pixels a pixel of the level covers, in both directions. */
  reduction(level: number): number {
    return 2 ** (this.levels - 1 - level);
  }

  /** The coarsest level that is sharp where a sheet pixel is `scale` device pixels wide. */
  levelFor(scale: number): number {
    const wanted = this.levels - 1 + Math.ceil(Math.log2(scale / TOLERATED_BLUR));
    return Math.min(this.levels - 1, Math.max(0, wanted));
  }

  /** What a tile shows, in sheet pixels. */
  boundsOf({ level, column, row }: TileAddress): Bounds {
    const side = this.tile * this.reduction(level);
    return {
      left: column * side,
      top: row * side,
      right: Math.min(this.width, (column + 1) * side),
      bottom: Math.min(this.height, (row + 1) * side),
    };
  }

  /** The tiles of a level that show some of `bounds` (sheet pixels), those in the middle first. */
  tilesIn(bounds: Bounds, level: number): TileAddress[] {
    const side = this.tile * this.reduction(level);
    const first = (from: number) => Math.max(0, Math.floor(from / side));
    const last = (to: number, size: number) => Math.min(Math.ceil(size / side), Math.ceil(to / side)) - 1;
    const tiles: TileAddress[] = [];
    for (let row = first(bounds.top); row <= last(bounds.bottom, this.height); row++) {
      for (let column = first(bounds.left); column <= last(bounds.right, this.width); column++) {
        tiles.push({ level, column, row });
      }
    }
    const [x, y] = [(bounds.left + bounds.right) / 2 / side - 0.5, (bounds.top + bounds.bottom) / 2 / side - 0.5];
    const away = ({ column, row }: TileAddress) => Math.hypot(column - x, row - y);
    return tiles.sort((a, b) => away(a) - away(b));
  }

  /** The tile of the next coarser level that shows the same, or null for level 0. */
  parentOf({ level, column, row }: TileAddress): TileAddress | null {
    return level === 0 ? null : { level: level - 1, column: column >> 1, row: row >> 1 };
  }

  /** The tiles of the next finer level that show the same. */
  childrenOf({ level, column, row }: TileAddress): TileAddress[] {
    if (level === this.levels - 1) return [];
    const side = this.tile * this.reduction(level + 1);
    return [0, 1, 2, 3]
      .map((index) => ({ level: level + 1, column: 2 * column + (index & 1), row: 2 * row + (index >> 1) }))
      .filter((child) => child.column * side < this.width && child.row * side < this.height);
  }
}
