/**
 * Fetches and decodes tiles, the most wanted first, a few at a time. What is no longer wanted is given up, also while it
 * is on its way. A tile that cannot be had is tried again after a while, so that a lost network mends itself.
 */
import { keyOf, type TileAddress } from "./tile_grid";

export type LoadTile<T> = (tile: TileAddress, signal: AbortSignal) => Promise<T>;

const AT_ONCE = 6; // a browser opens as many connections to one host
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export class TileLoader<T> {
  readonly #flights = new Map<string, AbortController>();
  readonly #failures = new Map<string, { times: number; until: number }>();
  #queue: readonly TileAddress[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param load Fetches one tile; rejects when it cannot.
   * @param loaded Is handed each tile that came.
   * @param failed Is told why one did not come; it is tried again all the same.
   */
  constructor(
    private readonly load: LoadTile<T>,
    private readonly loaded: (tile: TileAddress, content: T) => void,
    private readonly failed: (reason: unknown) => void,
  ) {}

  /** Nothing is on its way, waiting, or to be tried again. */
  get idle(): boolean {
    return this.#flights.size === 0 && this.#queue.length === 0;
  }

  /** From now on only these are wanted, the first most. */
  want(tiles: readonly TileAddress[]): void {
    this.#queue = tiles;
    const wanted = new Set(tiles.map(keyOf));
    for (const [key, flight] of this.#flights) {
      if (wanted.has(key)) continue;
      flight.abort();
      this.#flights.delete(key);
    }
    this.#start();
  }

  stop(): void {
    this.want([]);
    clearTimeout(this.#retry);
  }

  #start(): void {
    clearTimeout(this.#retry);
    const now = Date.now();
    let next = Infinity;
    const waiting: TileAddress[] = [];
    for (const tile of this.#queue) {
      const key = keyOf(tile);
      if (this.#flights.has(key)) continue;
      const until = this.#failures.get(key)?.until ?? 0;
      if (until <= now && this.#flights.size < AT_ONCE) void this.#fly(tile, key);
      else {
        waiting.push(tile);
        if (until > now) next = Math.min(next, until);
      }
    }
    this.#queue = waiting;
    if (next < Infinity) this.#retry = setTimeout(() => this.#start(), next - now);
  }

  async #fly(tile: TileAddress, key: string): Promise<void> {
    const flight = new AbortController();
    this.#flights.set(key, flight);
    try {
      const content = await this.load(tile, flight.signal);
      this.#failures.delete(key);
      this.loaded(tile, content);
    } catch (reason) {
      if (!flight.signal.aborted) {
        this.failed(reason);
        const times = (this.#failures.get(key)?.times ?? 0) + 1;
        const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (times - 1));
        this.#failures.set(key, { times, until: Date.now() + wait });
        this.#queue = [...this.#queue, tile];
      }
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      this.#start();
    }
  }
}
