/** Decoded tiles, as many as fit a budget of memory; the one that was not needed for longest goes first. */

/** An ImageBitmap is one. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  close(): void;
}

const BYTES_A_PIXEL = 4;

export class TileCache<T extends Picture> {
  readonly #kept = new Map<string, { picture: T; round: number }>(); // oldest use first
  #bytes = 0;
  #round = 0;

  /** @param budget Bytes of decoded pixels. */
  constructor(readonly budget: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Begins a new picture of the screen: what is used from now on is not given up for what comes in. */
  nextRound(): void {
    this.#round++;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  get(key: string): T | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, { picture: found.picture, round: this.#round });
    return found.picture;
  }

  put(key: string, picture: T): void {
    this.#remove(key);
    this.#kept.set(key, { picture, round: this.#round });
    this.#bytes += picture.width * picture.height * BYTES_A_PIXEL;
    for (const [oldest, { round }] of this.#kept) {
      if (this.#bytes <= this.budget || round === this.#round) break;
      this.#remove(oldest);
    }
  }

  clear(): void {
    for (const key of [...this.#kept.keys()]) this.#remove(key);
  }

  #remove(key: string): void {
    const found = this.#kept.get(key);
    if (found === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= found.picture.width * found.picture.height * BYTES_A_PIXEL;
    found.picture.close();
  }
}
