/** A server as lambda/labelling_api behaves, in memory, for tests: it can be cut off before or after it has done its work. */
import { ApiError } from "../api/error";
import type { Answer, Draft, Lease, Task, Work } from "../document/task";
import type { TaskServer } from "./server";

export type Failure = "none" | "before" | "after" | "signed_out";

export class FakeServer implements TaskServer {
  draft: Draft | null = null;
  answers: Answer[] = [];
  /** Taken from the front, one a request. */
  readonly failures: Failure[] = [];
  /** To whom the task is lent; null: to somebody else. */
  token: string | null = "lease-1";
  /** What it reads in every crop. */
  reads = "⌀6";
  requests = 0;

  constructor(private readonly task: Task) {}

  work(): Work {
    const lease = { token: this.token ?? "gone", expires: new Date(Date.now() + 600_000).toISOString() };
    return { task: this.task, lease, draft: this.draft, pyramid_url: "https://pyramid/1", expires: lease.expires };
  }

  /** Somebody's draft appears, made from the newest one. */
  otherDraft(change: (regions: Answer["regions"]) => Answer["regions"]): void {
    const before =
      this.draft?.answer.regions ??
      this.task.regions.map(({ confidence: _, ...region }) => ({
        ...region,
        source: "machine" as const,
        accepted: false,
      }));
    this.draft = { revision: (this.draft?.revision ?? 0) + 1, answer: { ...ANSWER, regions: change(before) } };
  }

  open(): Promise<Work> {
    return this.#answering(() => {
      if (this.token === null) throw new ApiError("not_yours", "You do not hold this task.", 403);
      return this.work();
    });
  }

  renew(_: unknown, { token }: Lease) {
    return this.#answering(() => {
      this.#held(token);
      const { lease, expires } = this.work();
      return { lease, pyramid_url: "https://pyramid/2", expires };
    });
  }

  saveDraft(_: unknown, { token }: Lease, revision: number, answer: Answer): Promise<number> {
    return this.#answering(() => {
      this.#held(token);
      const known = this.draft;
      if (known !== null && JSON.stringify(known.answer) === JSON.stringify(answer)) return known.revision;
      if ((known?.revision ?? 0) !== revision) throw new ApiError("draft_conflict", "Newer.", 409, { draft: known });
      this.draft = { revision: revision + 1, answer: JSON.parse(JSON.stringify(answer)) };
      return revision + 1;
    });
  }

  submit(_: unknown, { token }: Lease, answer: Answer): Promise<void> {
    return this.#answering(() => {
      const given = this.answers[0];
      if (given === undefined) {
        this.#held(token);
        this.answers.push(answer);
      } else if (JSON.stringify(given) !== JSON.stringify(answer)) {
        throw new ApiError("already_answered", "That answer stays.", 409);
      }
    });
  }

  giveBack(): Promise<void> {
    return this.#answering(() => {
      this.token = null;
    });
  }

  read() {
    return this.#answering(() => ({ text: this.reads, confidence: 0.9 }));
  }

  #held(token: string): void {
    if (token !== this.token) throw new ApiError("lease_lost", "The lease is gone.", 409);
  }

  async #answering<T>(work: () => T): Promise<T> {
    this.requests++;
    const failure = this.failures.shift() ?? "none";
    await Promise.resolve();
    if (failure === "signed_out") throw new ApiError("signed_out", "Sign in again.", 401);
    if (failure === "before") throw new ApiError("network", "The server cannot be reached.");
    const result = work();
    if (failure === "after") throw new ApiError("network", "The server cannot be reached.");
    return result;
  }
}

const ANSWER: Answer = {
  schema: 1,
  job: "sheets",
  task: "0123456789abcdef",
  status: "labelled",
  reason: "",
  regions: [],
  seconds: 0,
  keystrokes: 0,
  clicks: 0,
};

/** A task with regions a, b, c …, each of the text that is its own id. */
export function taskWith(...ids: readonly string[]): Task {
  return {
    schema: 1,
    job: ANSWER.job,
    task: ANSWER.task,
    image: { uri: "s3://bucket/sheet.png", version_id: null, width: 1000, height: 800 },
    pyramid: { uri: "s3://bucket/sheet.pmtiles", tile: 256, levels: 3 },
    model: { version: "7" },
    regions: ids.map((id, row) => ({
      id,
      points: [
        [10, 20 * row],
        [90, 20 * row],
        [90, 20 * row + 15],
        [10, 20 * row + 15],
      ],
      text: id,
      category: "text",
      ignore: false,
      confidence: 0.5,
    })),
    round: "label",
    versions: [],
  };
}
