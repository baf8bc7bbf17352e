import { describe, expect, test } from "vitest";
import { type Picture, TileCache } from "./tile_cache";

class Tile implements Picture {
  readonly width = 10;
  readonly height = 10;
  closed = false;

  close(): void {
    this.closed = true;
  }
}

const ROOM_FOR_TWO = 2 * 10 * 10 * 4;

function filled(...keys: string[]): { cache: TileCache<Tile>; tiles: Map<string, Tile> } {
  const cache = new TileCache<Tile>(ROOM_FOR_TWO);
  const tiles = new Map(keys.map((key) => [key, new Tile()]));
  for (const [key, tile] of tiles) {
    cache.nextRound();
    cache.put(key, tile);
  }
  return { cache, tiles };
}

describe("the cache of tiles", () => {
  test("stays within its budget and frees what goes", () => {
    const { cache, tiles } = filled("a", "b", "c");
    expect(cache.bytes).toBe(ROOM_FOR_TWO);
    expect(cache.has("a")).toBe(false);
    expect(tiles.get("a")?.closed).toBe(true);
    expect(tiles.get("c")?.closed).toBe(false);
  });

  test("gives up what was not used for longest", () => {
    const { cache } = filled("a", "b");
    cache.get("a");
    cache.nextRound();
    cache.put("c", new Tile());
    expect([cache.has("a"), cache.has("b")]).toEqual([true, false]);
  });

  test("never gives up what is on the screen, be the budget too small for it", () => {
    const { cache } = filled("a", "b");
    cache.nextRound();
    cache.get("a");
    cache.get("b");
    cache.put("c", new Tile());
    expect(["a", "b", "c"].every((key) => cache.has(key))).toBe(true);
    cache.nextRound();
    cache.put("d", new Tile());
    expect(cache.bytes).toBe(ROOM_FOR_TWO);
  });

  test("replaces a tile that comes twice", () => {
    const { cache, tiles } = filled("a");
    cache.put("a", new Tile());
    expect(tiles.get("a")?.closed).toBe(true);
    expect(cache.bytes).toBe(400);
    cache.clear();
    expect(cache.bytes).toBe(0);
  });
});
