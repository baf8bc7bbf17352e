import { describe, expect, test, vi } from "vitest";
import { LabellingApi, newerDraft } from "./client";
import { ApiError } from "./error";
import { type TokenSource, Transport } from "./transport";

const ME = { person: "p1", name: "Ann", groups: ["annotator"] };
const LEASE = { token: "t", expires: "2026-01-01T00:00:00Z" };
const ANSWER = {
  schema: 1,
  job: "j",
  task: "0123456789abcdef",
  status: "labelled",
  reason: "",
  regions: [],
  seconds: 1,
  keystrokes: 0,
  clicks: 0,
} as const;

function json(body: unknown, status = 200): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status });
}

function world(...answers: (Response | Error)[]) {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error("one request too many");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const tokens: TokenSource = { token: vi.fn(async () => "first"), renew: vi.fn(async () => "second") };
  return { fetch, tokens, api: new LabellingApi(new Transport("https://api/", tokens, fetch, async () => {})) };
}

describe("the client of the HTTP API", () => {
  test("sends the token and gives the checked answer", async () => {
    const { api, fetch } = world(json(ME));
    expect(await api.me()).toEqual(ME);
    const [address, request] = fetch.mock.calls[0] ?? [];
    expect(address).toBe("https://api/me");
    expect(new Headers(request?.headers).get("authorization")).toBe("Bearer first");
  });

  test("repeats a reading request after a gateway's failure and after a lost network", async () => {
    const { api, fetch } = world(json({}, 503), new TypeError("Failed to fetch"), json(ME));
    await api.me();
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  test("gives up after three attempts with one line", async () => {
    const { api } = world(...Array(3).fill(new TypeError("Failed to fetch")));
    await expect(api.me()).rejects.toMatchObject({ code: "network", message: "The server cannot be reached." });
  });

  test("does not repeat a draft: its second would conflict with its first", async () => {
    const { api, fetch } = world(new TypeError("Failed to fetch"));
    await expect(api.saveDraft(ANSWER, LEASE, 0, ANSWER)).rejects.toMatchObject({ code: "network" });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test("repeats an answer, which is taken once however often it comes", async () => {
    const { api, fetch } = world(json({}, 502), json({ status: "labelled" }));
    await api.submit(ANSWER, LEASE, ANSWER);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test("does not repeat what the server refused", async () => {
    const { api, fetch } = world(json({ error: { code: "lease_lost", message: "Somebody else has it." } }, 409));
    await expect(api.submit(ANSWER, LEASE, ANSWER)).rejects.toMatchObject({ code: "lease_lost", status: 409 });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test("renews a refused token once and sends the request again", async () => {
    const { api, fetch } = world(json({ message: "Unauthorized" }, 401), json(ME));
    await api.me();
    expect(new Headers(fetch.mock.calls[1]?.[1]?.headers).get("authorization")).toBe("Bearer second");
  });

  test("says that nobody is signed in when the renewed token is refused too", async () => {
    const { api } = world(json({ message: "Unauthorized" }, 401), json({ message: "Unauthorized" }, 401));
    await expect(api.me()).rejects.toMatchObject({ code: "signed_out" });
  });

  test("takes 204 for: no task for you", async () => {
    const { api } = world(json(null, 204));
    expect(await api.lease({ job: "j" })).toBeNull();
  });

  test("refuses an answer of another form, naming what is wrong", async () => {
    const { api } = world(json({ person: "p1", name: 7, groups: [] }));
    await expect(api.me()).rejects.toThrow(/GET \/me: name: .*Reload the page/);
  });

  test("hands over the newer draft of a conflict", async () => {
    const draft = { revision: 4, answer: ANSWER };
    const { api } = world(json({ error: { code: "draft_conflict", message: "Newer." }, draft }, 409));
    const error = await api.saveDraft(ANSWER, LEASE, 3, ANSWER).catch((caught: unknown) => caught);
    expect(newerDraft(error)).toEqual(draft);
    expect(newerDraft(new ApiError("lease_lost", "x", 409))).toBeNull();
  });

  test("names a job in the path so that no other route can be meant", async () => {
    const { api, fetch } = world(json({}, 404));
    await expect(api.job("../me")).rejects.toMatchObject({ code: "http_404" });
    expect(fetch.mock.calls[0]?.[0]).toBe("https://api/jobs/..%2Fme");
  });

  test("gives up on a request that takes too long", async () => {
    const tokens: TokenSource = { token: async () => "first", renew: async () => "second" };
    const never = (_: unknown, init?: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    const transport = new Transport("https://api", tokens, never as typeof fetch);
    const call = {
      method: "POST",
      path: "/x",
      answer: { type: "unknown" } as never,
      idempotent: false,
      timeout: 10,
    } as const;
    await expect(transport.send(call)).rejects.toMatchObject({ code: "timeout" });
  });
});
