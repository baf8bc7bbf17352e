import { afterEach, describe, expect, test, vi } from "vitest";
import { pyramidTiles, TileMissing } from "./pyramid";

const WHOLE = new AbortController().signal;
const tile = { level: 0, column: 0, row: 0 };

afterEach(() => {
  vi.unstubAllGlobals();
});

function serving(answer: (url: string) => Response | Promise<Response>) {
  const asked: { url: string; range: string | null }[] = [];
  vi.stubGlobal("fetch", async (url: string, request: RequestInit) => {
    asked.push({ url, range: new Headers(request.headers).get("range") });
    return await answer(url);
  });
  return asked;
}

describe("the tiles of a pyramid", () => {
  test("are asked for by range, and from a new address when the old one has died", async () => {
    const asked = serving(() => new Response(null, { status: 403 }));
    const renewals: boolean[] = [];
    const load = pyramidTiles("sheet", async (renew) => {
      renewals.push(renew);
      return renew ? "http://new" : "http://old";
    });
    await expect(load(tile, WHOLE)).rejects.toBeInstanceOf(TileMissing);
    expect(renewals).toEqual([false, true]);
    expect(asked).toEqual([
      { url: "http://old", range: "bytes=0-16383" },
      { url: "http://new", range: "bytes=0-16383" },
    ]);
  });

  test("that are gone for good are told from a network or a server that will be back", async () => {
    const load = pyramidTiles("sheet", async () => "http://here");
    serving(() => new Response(null, { status: 404 }));
    await expect(load(tile, WHOLE)).rejects.toThrow(
      "the drawing's pyramid sheet answers with 404: open the task again",
    );
    serving(() => new Response(null, { status: 503 }));
    await expect(load(tile, WHOLE)).rejects.not.toBeInstanceOf(TileMissing);
    serving(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(load(tile, WHOLE)).rejects.not.toBeInstanceOf(TileMissing);
  });

  test("are asked for again after a failure, which the library would remember", async () => {
    const load = pyramidTiles("sheet", async () => "http://here");
    const first = serving(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(load(tile, WHOLE)).rejects.toThrow();
    expect(first).toHaveLength(1);
    const second = serving(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(load(tile, WHOLE)).rejects.toThrow();
    expect(second).toHaveLength(1);
  });
});
