import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keyOf, type TileAddress } from "./tile_grid";
import { TileLoader } from "./tile_loader";

const tile = (column: number): TileAddress => ({ level: 0, column, row: 0 });

/** A network whose answers the test gives. */
function network() {
  const asked: string[] = [];
  const aborted: string[] = [];
  const answers = new Map<string, { resolve: (content: string) => void; reject: (reason: Error) => void }>();
  const load = (address: TileAddress, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      const key = keyOf(address);
      asked.push(key);
      answers.set(key, { resolve, reject });
      signal.addEventListener("abort", () => {
        aborted.push(key);
        reject(new Error("aborted"));
      });
    });
  return { asked, aborted, answers, load };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the loader of tiles", () => {
  test("asks for the most wanted first, six at a time", async () => {
    const { asked, answers, load } = network();
    const came: string[] = [];
    const loader = new TileLoader(
      load,
      (_, content: string) => came.push(content),
      () => {},
    );
    loader.want([...Array(9).keys()].map(tile));
    expect(asked).toEqual(["0/0/0", "0/1/0", "0/2/0", "0/3/0", "0/4/0", "0/5/0"]);
    answers.get("0/3/0")?.resolve("three");
    await vi.advanceTimersByTimeAsync(0);
    expect(came).toEqual(["three"]);
    expect(asked.at(-1)).toBe("0/6/0");
  });

  test("gives up what is no longer wanted, and may want it again at once", async () => {
    const { asked, aborted, load } = network();
    const loader = new TileLoader(
      load,
      () => {},
      () => {},
    );
    loader.want([tile(0), tile(1)]);
    loader.want([tile(1)]);
    expect(aborted).toEqual(["0/0/0"]);
    loader.want([tile(0), tile(1)]);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(["0/0/0", "0/1/0", "0/0/0"]);
  });

  test("does not ask twice for what is on its way", () => {
    const { asked, load } = network();
    const loader = new TileLoader(
      load,
      () => {},
      () => {},
    );
    loader.want([tile(0)]);
    loader.want([tile(0)]);
    expect(asked).toEqual(["0/0/0"]);
  });

  test("tries again after a pause that grows, when the network is gone", async () => {
    const { asked, answers, load } = network();
    const came: string[] = [];
    const loader = new TileLoader(
      load,
      (_, content: string) => came.push(content),
      () => {},
    );
    loader.want([tile(0)]);
    answers.get("0/0/0")?.reject(new Error("offline"));
    await vi.advanceTimersByTimeAsync(900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveLength(2);
    answers.get("0/0/0")?.reject(new Error("offline"));
    await vi.advanceTimersByTimeAsync(1900);
    expect(asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(200);
    answers.get("0/0/0")?.resolve("back");
    await vi.advanceTimersByTimeAsync(0);
    expect(came).toEqual(["back"]);
    expect(loader.idle).toBe(true);
  });

  test("says why a tile does not come", async () => {
    const { answers, load } = network();
    const reasons: unknown[] = [];
    const loader = new TileLoader(
      load,
      () => {},
      (reason) => reasons.push(reason),
    );
    loader.want([tile(0), tile(1)]);
    answers.get("0/0/0")?.reject(new Error("offline"));
    loader.want([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(reasons).toEqual([]); // no longer wanted
    loader.want([tile(2)]);
    answers.get("0/2/0")?.reject(new Error("offline"));
    await vi.advanceTimersByTimeAsync(0);
    expect(reasons).toEqual([new Error("offline")]);
  });

  test("asks for nothing after it was stopped", async () => {
    const { asked, answers, load } = network();
    const loader = new TileLoader(
      load,
      () => {},
      () => {},
    );
    loader.want([tile(0)]);
    answers.get("0/0/0")?.reject(new Error("offline"));
    await vi.advanceTimersByTimeAsync(0);
    loader.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });
});
