/** The HTTP API of labelling, a method a route (docs/architecture.md, "labelling"). Every method throws ApiError. */
import * as v from "valibot";
import { type Answer, type Draft, DraftSchema, type Lease, type Work, WorkSchema } from "../document/task";
import { ApiError } from "./error";
import {
  type JobReport,
  JobReportSchema,
  JobsSchema,
  type Me,
  MeSchema,
  type Progress,
  ProgressSchema,
  type Reading,
  ReadingSchema,
  type Renewed,
  RenewedSchema,
  SavedSchema,
} from "./schemas";
import type { Transport } from "./transport";

/** What names a task. */
export interface TaskName {
  readonly job: string;
  readonly task: string;
}

export interface Wanted {
  readonly job?: string;
  readonly round?: "label" | "review";
}

const READ_TIMEOUT = 30_000; // milliseconds: a serverless reader that was idle takes seconds to come

export class LabellingApi {
  constructor(private readonly transport: Transport) {}

  me(): Promise<Me> {
    return this.transport.send({ method: "GET", path: "/me", answer: MeSchema, idempotent: true });
  }

  async jobs(): Promise<readonly Progress[]> {
    const call = { method: "GET", path: "/jobs", answer: JobsSchema, idempotent: true } as const;
    return (await this.transport.send(call)).jobs;
  }

  job(job: string): Promise<JobReport> {
    return this.transport.send({ method: "GET", path: jobPath(job), answer: JobReportSchema, idempotent: true });
  }

  /** Order the training data of a job; `state` says when it is done. Ordering twice exports once. */
  exportJob(job: string): Promise<Progress> {
    const path = `${jobPath(job)}/export`;
    return this.transport.send({ method: "POST", path, body: {}, answer: ProgressSchema, idempotent: true });
  }

  /** Borrow a task; null when there is none for this person. Asked again, the server gives the one that is held. */
  lease(wanted: Wanted): Promise<Work | null> {
    const answer = v.nullable(WorkSchema);
    return this.transport.send({ method: "POST", path: "/tasks/lease", body: wanted, answer, idempotent: true });
  }

  /** The task that this person holds the lease of. */
  open(task: TaskName): Promise<Work> {
    return this.transport.send({ method: "GET", path: taskPath(task), answer: WorkSchema, idempotent: true });
  }

  /** Keep the lease, and get a fresh address of the pyramid. */
  renew(task: TaskName, { token }: Lease): Promise<Renewed> {
    const path = `${taskPath(task)}/renew`;
    return this.transport.send({
      method: "POST",
      path,
      body: { lease: token },
      answer: RenewedSchema,
      idempotent: true,
    });
  }

  /**
   * Keep an answer on its way. Not repeated: the sender's queue decides what is sent after a loss.
   *
   * @param revision That the edit began from; 0 where there was no draft.
   * @returns The draft's new revision. An ApiError `draft_conflict` carries the newer draft: see `newerDraft`.
   */
  async saveDraft(task: TaskName, { token }: Lease, revision: number, answer: Answer): Promise<number> {
    const body = { lease: token, revision, answer };
    const call = {
      method: "PUT",
      path: `${taskPath(task)}/draft`,
      body,
      answer: SavedSchema,
      idempotent: false,
    } as const;
    return (await this.transport.send(call)).revision;
  }

  /** Hand an answer in; the same answer again changes nothing. */
  async submit(task: TaskName, { token }: Lease, answer: Answer): Promise<void> {
    const path = `${taskPath(task)}/answer`;
    const body = { lease: token, answer };
    await this.transport.send({ method: "POST", path, body, answer: v.unknown(), idempotent: true });
  }

  /** Give a task back unanswered. */
  async giveBack(task: TaskName, { token }: Lease): Promise<void> {
    const path = `${taskPath(task)}/return`;
    await this.transport.send({ method: "POST", path, body: { lease: token }, answer: v.unknown(), idempotent: true });
  }

  /** What the reader sees in a rectified crop, a PNG in base64. */
  read(task: TaskName, { token }: Lease, crop: string): Promise<Reading> {
    const path = `${taskPath(task)}/read`;
    const body = { lease: token, crop };
    const timeout = READ_TIMEOUT;
    return this.transport.send({ method: "POST", path, body, answer: ReadingSchema, idempotent: true, timeout });
  }
}

/** The draft that somebody, or another tab, saved meanwhile; null where an error is no such conflict. */
export function newerDraft(error: unknown): Draft | null {
  if (!(error instanceof ApiError) || error.code !== "draft_conflict") return null;
  const body = v.safeParse(v.object({ draft: DraftSchema }), error.body);
  return body.success ? body.output.draft : null;
}

function jobPath(job: string): string {
  return `/jobs/${encodeURIComponent(job)}`;
}

function taskPath({ job, task }: TaskName): string {
  return `/tasks/${encodeURIComponent(job)}/${encodeURIComponent(task)}`;
}
