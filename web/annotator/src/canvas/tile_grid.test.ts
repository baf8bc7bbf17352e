import { describe, expect, test } from "vitest";
import { TileGrid } from "./tile_grid";

const grid = new TileGrid(16_800, 11_900, 512, 7); // an A0 scan: 33 × 24 tiles, level 0 is 263 × 186 pixels

describe("the grid of tiles", () => {
  test("has one tile at level 0 and the sheet's own pixels at the last level", () => {
    const whole = { left: 0, top: 0, right: 16_800, bottom: 11_900 };
    expect(grid.tilesIn(whole, 0)).toEqual([{ level: 0, column: 0, row: 0 }]);
    expect(grid.tilesIn(whole, 6)).toHaveLength(33 * 24);
    expect(grid.boundsOf({ level: 6, column: 32, row: 23 })).toEqual({
      left: 16_384,
      top: 11_776,
      right: 16_800,
      bottom: 11_900,
    });
  });

  test("takes the coarsest level that is still sharp", () => {
    expect(grid.levelFor(1)).toBe(6);
    expect(grid.levelFor(0.5)).toBe(5);
    expect(grid.levelFor(0.3)).toBe(5);
    expect(grid.levelFor(0.076)).toBe(3);
    expect(grid.levelFor(0.0001)).toBe(0);
    expect(grid.levelFor(16)).toBe(6);
  });

  test("asks for what is on the screen only, the middle first", () => {
    const tiles = grid.tilesIn({ left: 1000, top: 1000, right: 2560, bottom: 2000 }, 6);
    expect(tiles).toHaveLength(4 * 3);
    expect(tiles[0]).toEqual({ level: 6, column: 3, row: 2 });
    expect(grid.tilesIn({ left: 20_000, top: 0, right: 21_000, bottom: 100 }, 6)).toEqual([]);
  });

  test("knows which coarser and finer tiles show the same", () => {
    expect(grid.parentOf({ level: 6, column: 5, row: 4 })).toEqual({ level: 5, column: 2, row: 2 });
    expect(grid.parentOf({ level: 0, column: 0, row: 0 })).toBeNull();
    expect(grid.childrenOf({ level: 5, column: 2, row: 2 })).toHaveLength(4);
    expect(grid.childrenOf({ level: 5, column: 16, row: 2 })).toHaveLength(2); // column 33 lies beyond the sheet
    expect(grid.childrenOf({ level: 6, column: 0, row: 0 })).toEqual([]);
  });
});
