/** One HTTP request: the token, a time limit, repetition where it is harmless, and errors in one form. */
import * as v from "valibot";
import { ApiError } from "./error";

/** Where the token comes from: the session. */
export interface TokenSource {
  /** A token that is valid now. Throws ApiError `signed_out` when nobody is signed in any more. */
  token(): Promise<string>;
  /** The server refused the token that `token` gave: get another one, or say that nobody is signed in. */
  renew(): Promise<string>;
}

export interface Call<T> {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the API's address, with a leading slash. */
  readonly path: string;
  readonly body?: unknown;
  /** What a good answer is; null where the answer has no body that matters. */
  readonly answer: v.GenericSchema<unknown, T>;
  /** Whether sending it twice does the same as sending it once. */
  readonly idempotent: boolean;
  /** Milliseconds for one attempt. */
  readonly timeout?: number;
}

const TIMEOUT = 15_000; // milliseconds; API Gateway itself gives up after 30 s
const PAUSES = [300, 1_200]; // milliseconds before the second and the third attempt

const ErrorSchema = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

export class Transport {
  constructor(
    private readonly address: string,
    private readonly tokens: TokenSource,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
    private readonly pause: (milliseconds: number) => Promise<void> = sleep,
  ) {}

  /** Throws ApiError. */
  async send<T>(call: Call<T>): Promise<T> {
    for (const pause of call.idempotent ? PAUSES : []) {
      try {
        return await this.attempt(call);
      } catch (error) {
        if (!(error instanceof ApiError && error.passes)) throw error;
        // Some randomness, so that a hundred pages do not come back in the same instant.
        await this.pause(pause * (0.5 + Math.random()));
      }
    }
    return this.attempt(call);
  }

  private async attempt<T>(call: Call<T>): Promise<T> {
    let response = await this.fetched(call, await this.tokens.token());
    if (response.status === 401) response = await this.fetched(call, await this.tokens.renew());
    const body = response.status === 204 ? null : await parsed(response);
    if (!response.ok) throw refusal(response, body);
    const checked = v.safeParse(call.answer, body);
    if (checked.success) return checked.output;
    const issue = checked.issues[0];
    const place = v.getDotPath(issue);
    throw new ApiError(
      "unexpected_answer",
      `${call.method} ${call.path}: ${place ? `${place}: ` : ""}${issue.message}. Reload the page: it may be of another version.`,
      response.status,
      body,
    );
  }

  private async fetched<T>({ method, path, body, timeout = TIMEOUT }: Call<T>, token: string): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    try {
      return await this.fetch(this.address.replace(/\/$/, "") + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(timeout),
        cache: "no-store",
        credentials: "omit",
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "TimeoutError") {
        throw new ApiError("timeout", `No answer within ${timeout / 1000} s.`);
      }
      throw new ApiError("network", "The server cannot be reached.");
    }
  }
}

async function parsed(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/** The gateway's own refusals have another form than ours; both become one. */
function refusal(response: Response, body: unknown): ApiError {
  const own = v.safeParse(ErrorSchema, body);
  if (own.success) return new ApiError(own.output.error.code, own.output.error.message, response.status, body);
  if (response.status === 401) return new ApiError("signed_out", "The sign-in is no longer valid.", 401, body);
  return new ApiError(`http_${response.status}`, `The server answered ${response.status}.`, response.status, body);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
