/** A request that did not do what was asked: one line that a person can act on, and a code that the page can. */

/** Codes that the page itself gives; every other one comes from the server (docs/architecture.md, "labelling"). */
export type LocalCode = "network" | "timeout" | "signed_out" | "unexpected_answer";

export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param code Of the server, or one of `LocalCode`.
   * @param message One line.
   * @param status HTTP status; 0 where no answer came.
   * @param body The whole answer where it was JSON: a `draft_conflict` carries the newer draft.
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly body: unknown = null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get passes(): boolean {
    return this.code === "network" || this.code === "timeout" || PASSING.has(this.status);
  }
}

/** Too many requests, and what a gateway says while the function behind it is not there. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
