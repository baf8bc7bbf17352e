/**
 * Brings the work on one task to the server, whatever happens on the way: drafts while it goes on, the answer at its end.
 *
 * One request at a time. A lost network is waited for, with growing pauses; an ended sign-in waits for the person; a draft
 * that somebody else has saved meanwhile is merged region by region; a lease that ended is taken up again where the
 * server still gives the task to this person. Nothing here throws: `link` says how things stand.
 */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { newerDraft, type TaskName } from "../api/client";
import { ApiError } from "../api/error";
import type { AnnotationDocument } from "../document/document";
import type { Effort } from "../document/effort";
import { merge } from "../document/merge";
import { type Region, sameRegion } from "../document/region";
import type { Answer, Draft, Lease, Work } from "../document/task";
import type { LocalWork, Synchronised } from "./local_store";
import type { TaskServer } from "./server";

/**
 * `saved` the server has everything · `waiting` not yet · `sending` · `offline` tries again by itself · `signed_out` the
 * person has to sign in · `lost` the task is somebody else's now · `refused` the server does not take it, see `refusal` ·
 * `done` the answer has arrived.
 */
export type Link = "saved" | "waiting" | "sending" | "offline" | "signed_out" | "lost" | "refused" | "done";

/** Work of somebody else, or of another machine, was taken in; `conflicts` of its regions stand beside one of ours. */
export interface Merging {
  readonly regions: number;
  readonly conflicts: readonly string[];
}

type Kept = Pick<LocalWork, "synchronised" | "sent" | "submission">;

export interface SynchroniserOptions {
  readonly server: TaskServer;
  readonly document: AnnotationDocument;
  readonly work: Work;
  /** What this machine remembers. */
  readonly kept: Kept;
  /** Remember it; resolves when it is stored. */
  readonly keep: (kept: Kept) => Promise<void>;
  readonly effort: () => Effort;
  /** What the other side's work cost is part of ours now. */
  readonly addEffort: (effort: Effort) => void;
}

const QUIET = 1_500; // milliseconds without a step before a draft is sent
const LONGEST = 8_000; // milliseconds that a step waits at most
const FIRST_PAUSE = 1_000; // milliseconds before the first repetition; doubled from then on
const LONGEST_PAUSE = 60_000;
const SHORTEST_RENEWAL = 15_000; // milliseconds between renewals of a lease, however short it is
const FRESH = 30_000; // milliseconds that an address must still live to be handed out

export class Synchroniser {
  readonly link: ReadonlySignal<Link>;
  /** Steps that the server has not. */
  readonly unsent: ReadonlySignal<number>;
  /** The server's one line, where it refuses something. */
  readonly refusal: ReadonlySignal<string>;
  readonly merging: Signal<Merging | null> = signal(null);

  readonly #link: Signal<Link> = signal("saved");
  readonly #unsent: Signal<number> = signal(0);
  readonly #refusal: Signal<string> = signal("");
  readonly #task: TaskName;
  #kept: Kept;
  #lease: Lease;
  #pyramid: { readonly url: string; readonly expires: number };
  /** Steps that the draft on its way holds. */
  #included = 0;
  #running = false;
  #closed = false;
  #failures = 0;
  #waitingSince: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: SynchroniserOptions) {
    const { work, kept } = options;
    [this.link, this.unsent, this.refusal] = [this.#link, this.#unsent, this.#refusal];
    this.#task = { job: work.task.job, task: work.task.task };
    this.#kept = kept;
    this.#lease = work.lease;
    this.#pyramid = { url: work.pyramid_url, expires: Date.parse(work.expires) };
    this.#planRenewal();
  }

  /** Begin: what the server has is merged with what is here, and what it lacks is sent. */
  async start(): Promise<void> {
    const { work, document } = this.options;
    const { synchronised } = this.#kept;
    if (work.draft !== null) await this.#reconcile(work.draft);
    else if (synchronised.revision > 0) await this.#note({ synchronised: { ...synchronised, revision: 0 } });
    const dropped = work.draft === null && synchronised.revision > 0;
    const behind = dropped || !sameRegions(document.regions.value, this.#kept.synchronised.regions);
    if (behind) this.#unsent.value = Math.max(1, this.#unsent.value);
    if (behind || this.#kept.submission !== null) await this.#run();
  }

  /** A step was taken. */
  changed(): void {
    if (this.#link.value === "done") return;
    this.#unsent.value++;
    this.#waitingSince ??= Date.now();
    if (this.#link.value === "saved" || this.#link.value === "refused") this.#link.value = "waiting";
    if (this.#link.value !== "waiting") return;
    const longest = this.#waitingSince + LONGEST - Date.now();
    this.#plan(Math.max(0, Math.min(QUIET, longest)));
  }

  /** Hand the answer in. It is stored first: an answer that was handed in arrives, whatever happens to this page. */
  async submit(answer: Answer): Promise<void> {
    await this.#note({ submission: answer });
    await this.tryNow();
  }

  /** Something may have changed: the network is back, the person has signed in, or wants to try again. */
  async tryNow(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#run();
  }

  /** Where the drawing's tiles can be read. `renew`: the address given last is no longer good. */
  async address(renew: boolean): Promise<string> {
    if (renew || this.#pyramid.expires < Date.now() + FRESH) await this.#renew();
    return this.#pyramid.url;
  }

  /** What the machine reads in a crop, a PNG in base64. Throws ApiError. */
  async read(crop: string): Promise<string> {
    return (await this.options.server.read(this.#task, this.#lease, crop)).text;
  }

  /** Give the task back unanswered; what was done so far stays here and at the server. Throws ApiError. */
  async giveBack(): Promise<void> {
    await this.tryNow();
    await this.options.server.giveBack(this.#task, this.#lease);
    this.close();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#renewal);
  }

  async #run(): Promise<void> {
    if (this.#running || this.#closed || this.#link.value === "done") return;
    this.#running = true;
    try {
      while (!this.#closed && (this.#kept.submission !== null || this.#unsent.value > 0)) await this.#sendOnce();
      if (!this.#closed) this.#link.value = "saved";
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#running = false;
    }
  }

  async #sendOnce(): Promise<void> {
    try {
      this.#link.value = "sending";
      if (this.#kept.submission !== null) await this.#sendAnswer(this.#kept.submission);
      else await this.#sendDraft();
      this.#failures = 0;
    } catch (error) {
      const draft = newerDraft(error);
      // A server that answers every draft with a newer one is waited for like one that does not answer.
      if (draft !== null && this.#failures < 3) {
        this.#failures++;
        await this.#reconcile(draft);
      } else if (isLeaseLost(error) && this.#failures < 3) {
        this.#failures++;
        await this.#regain();
      } else throw error;
    }
  }

  /** A draft that may have arrived is sent again as it was, so that the server knows it; what came later follows. */
  async #sendDraft(): Promise<void> {
    const { document, server } = this.options;
    if (this.#kept.sent === null) {
      this.#included = this.#unsent.value;
      this.#waitingSince = null;
      await this.#note({ sent: this.#answer(document.regions.value) });
    }
    const { sent, synchronised } = this.#kept;
    if (sent === null) return;
    const revision = await server.saveDraft(this.#task, this.#lease, synchronised.revision, sent);
    await this.#confirmed({ revision, regions: sent.regions });
  }

  async #confirmed(synchronised: Synchronised): Promise<void> {
    this.#unsent.value -= this.#included;
    this.#included = 0;
    await this.#note({ synchronised, sent: null });
  }

  async #sendAnswer(answer: Answer): Promise<void> {
    await this.options.server.submit(this.#task, this.#lease, answer);
    this.close();
    this.#kept = { ...this.#kept, submission: null };
    batch(() => {
      this.#unsent.value = 0;
      this.#link.value = "done";
    });
  }

  #answer(regions: readonly Region[]): Answer {
    return { schema: 1, ...this.#task, status: "labelled", reason: "", regions, ...this.options.effort() };
  }

  /** Take in a draft of the server. */
  async #reconcile({ revision, answer }: Draft): Promise<void> {
    const { document, addEffort } = this.options;
    const { synchronised, sent } = this.#kept;
    const theirs = answer.regions;
    const next: Synchronised = { revision, regions: theirs };
    addEffort(answer);
    // Our own draft, whose confirmation was lost, is no news.
    if (sent !== null && sameRegions(sent.regions, theirs)) return await this.#confirmed(next);
    if (revision !== synchronised.revision) {
      const mine = document.regions.value;
      const { regions, conflicts } = merge(synchronised.regions, mine, theirs);
      const before = new Map(mine.map((region) => [region.id, region]));
      const news = regions.filter((region) => !sameRegion(region, before.get(region.id) ?? { ...region, id: "" }));
      document.become("synchronise", regions);
      const gone = mine.length + news.length - regions.length;
      if (news.length > 0 || gone > 0) this.merging.value = { regions: news.length, conflicts };
    }
    this.#included = 0;
    await this.#note({ synchronised: next, sent: null });
  }

  /** The lease has ended: take it up again where the server still gives the task to this person. */
  async #regain(): Promise<void> {
    const work = await this.options.server.open(this.#task);
    this.#lease = work.lease;
    this.#pyramid = { url: work.pyramid_url, expires: Date.parse(work.expires) };
    if (work.draft !== null && work.draft.revision !== this.#kept.synchronised.revision) {
      await this.#reconcile(work.draft);
    }
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    if (!(error instanceof ApiError) || error.passes || newerDraft(error) !== null) {
      this.#link.value = "offline";
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++);
      this.#plan(pause * (0.75 + Math.random() / 2)); // a hundred pages do not come back in the same instant
      return;
    }
    this.#failures = 0;
    this.#included = 0;
    this.#kept = { ...this.#kept, sent: null }; // what was refused is not sent again as it was
    this.#refusal.value = error.message;
    if (error.code === "signed_out") this.#link.value = "signed_out";
    else this.#link.value = isLeaseLost(error) || isNotOurs(error) ? "lost" : "refused";
  }

  async #note(change: Partial<Kept>): Promise<void> {
    this.#kept = { ...this.#kept, ...change };
    await this.options.keep(this.#kept);
  }

  #plan(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), milliseconds);
  }

  /** In the middle of the lease's life, so that one lost request does not cost it. */
  #planRenewal(): void {
    const left = Date.parse(this.#lease.expires) - Date.now();
    clearTimeout(this.#renewal);
    if (!Number.isFinite(left)) return;
    this.#renewal = setTimeout(() => void this.#renew().catch(() => undefined), Math.max(SHORTEST_RENEWAL, left / 2));
  }

  async #renew(): Promise<void> {
    try {
      const { lease, pyramid_url, expires } = await this.options.server.renew(this.#task, this.#lease);
      this.#lease = lease;
      this.#pyramid = { url: pyramid_url, expires: Date.parse(expires) };
    } catch (error) {
      if (isLeaseLost(error)) await this.#regain().catch((caught: unknown) => this.#failed(caught));
      else throw error;
    } finally {
      if (!this.#closed) this.#planRenewal();
    }
  }
}

export function sameRegions(left: readonly Region[], right: readonly Region[]): boolean {
  return left.length === right.length && left.every((region, index) => sameRegion(region, right[index] ?? region));
}

function isLeaseLost(error: unknown): boolean {
  return error instanceof ApiError && error.code === "lease_lost";
}

/** What the server says of a task that is not lent to this person any more. */
function isNotOurs({ status, code }: ApiError): boolean {
  return status === 403 || status === 404 || status === 410 || code === "already_answered";
}
