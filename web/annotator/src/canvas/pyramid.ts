/**
 * The tiles of a sheet out of one PMTiles file, read by HTTP range requests from an address that lives for minutes only
 * and is asked for anew when it has died.
 *
 * Source: PMTiles specification, version 3; docs/architecture.md, "labelling", pyramid.
 */
import { PMTiles, type RangeResponse, type Source } from "pmtiles";
import type { LoadTile } from "./tile_loader";

/** Where the file can be read now. `renew`: the last answer is no longer good. */
export type Address = (renew: boolean) => Promise<string>;

const REFUSED = new Set([400, 401, 403]); // S3 answers an expired signature with 403, an expired token with 400

/** The file or a tile of it is not there or not to be read; trying again will not help. */
export class TileMissing extends Error {}

class RangeSource implements Source {
  constructor(
    private readonly name: string,
    private readonly address: Address,
  ) {}

  getKey(): string {
    return this.name;
  }

  async getBytes(offset: number, length: number, signal?: AbortSignal): Promise<RangeResponse> {
    const request: RequestInit = { headers: { range: `bytes=${offset}-${offset + length - 1}` } };
    if (signal !== undefined) request.signal = signal;
    let response = await fetch(await this.address(false), request);
    if (REFUSED.has(response.status)) response = await fetch(await this.address(true), request);
    if (response.status >= 500) throw new Error(`the server of the drawing answers with ${response.status}: wait`);
    if (response.status !== 206 && response.status !== 200) {
      throw new TileMissing(`the drawing's pyramid ${this.name} answers with ${response.status}: open the task again`);
    }
    // A server without ranges sends the whole file, which starts earlier than what was asked for.
    const start = response.status === 200 ? offset : 0;
    return { data: (await response.arrayBuffer()).slice(start, start + length) };
  }
}

/**
 * @param name What to call the file in an error.
 * @param address Where to read it.
 * @returns Decodes one tile; rejects where the file, the tile or the network is missing.
 */
export function pyramidTiles(name: string, address: Address): LoadTile<ImageBitmap> {
  const source = new RangeSource(name, address);
  let file = new PMTiles(source);
  return async ({ level, column, row }, signal) => {
    const tile = await file.getZxy(level, column, row, signal).catch((error: unknown) => {
      if (!signal.aborted) file = new PMTiles(source); // the library keeps a directory that failed to load as failed
      throw error;
    });
    if (tile === undefined) {
      throw new TileMissing(
        `the drawing's pyramid ${name} has no tile ${level}/${column}/${row}: prepare the task again`,
      );
    }
    return await createImageBitmap(new Blob([tile.data]));
  };
}
