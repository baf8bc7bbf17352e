/** Ground Truth's side of the page: the addresses that the template was rendered with, and the form that is submitted. */
import * as v from "valibot";
import { ApiError } from "../api/error";
import type { Answer, Lease, Task, Work } from "../document/task";
import { TaskSchema } from "../document/task";
import type { TaskServer } from "../storage/server";

/** <crowd-form> of crowd-html-elements: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-ui-template-crowd-form.html */
interface CrowdForm extends HTMLElement {
  submit(): void;
}

/** Both addresses are signed by `grant_read_access` and die when the worker's time is over. */
export interface Addresses {
  readonly task: string;
  readonly pyramid: string;
}

// Ground Truth counts the worker's time itself and takes the task back: there is nothing to renew.
const FOREVER = "9999-12-31T23:59:59Z";
const LEASE: Lease = { token: "ground-truth", expires: FOREVER };

/** The task as if our own server had lent it. Throws an Error of one line where it cannot be had. */
export async function workOf({ task, pyramid }: Addresses): Promise<Work> {
  const response = await fetch(task).catch(() => null);
  if (response === null || !response.ok) {
    const answered = response === null ? "no answer" : `the answer ${response.status}`;
    throw new Error(`The task cannot be loaded (${answered}): reload the page, or release the task and take it again.`);
  }
  const checked = v.safeParse(TaskSchema, await response.json().catch(() => null));
  if (!checked.success) throw new Error(`The task is not of this version: ${checked.issues[0].message}`);
  const known: Task = checked.output;
  return { task: known, lease: LEASE, draft: null, pyramid_url: pyramid, expires: FOREVER };
}

/** Drafts stay in the page, the answer goes into the form: Ground Truth has no other place for either. */
export class FormServer implements TaskServer {
  #revision = 0;

  constructor(
    private readonly work: Work,
    private readonly form: CrowdForm,
    private readonly field: HTMLInputElement,
  ) {}

  async open(): Promise<Work> {
    return this.work;
  }

  async renew() {
    const { lease, pyramid_url, expires } = this.work;
    return { lease, pyramid_url, expires };
  }

  async saveDraft(): Promise<number> {
    return ++this.#revision;
  }

  async submit(_task: unknown, _lease: Lease, answer: Answer): Promise<void> {
    if (typeof this.form.submit !== "function") {
      throw new ApiError("not_available", "Ground Truth's own script has not been loaded: reload the page.");
    }
    this.field.value = JSON.stringify(answer);
    this.form.submit();
  }

  async giveBack(): Promise<void> {
    throw new ApiError("not_available", "Release the task with the button above the drawing.");
  }

  async read(): Promise<never> {
    throw new ApiError("not_available", "Boxes cannot be read again here: type what stands in the box.");
  }
}

/** The form, its hidden field and the addresses, out of the rendered template. Throws an Error of one line. */
export function renderedForm(page: Document): {
  form: CrowdForm;
  field: HTMLInputElement;
  root: HTMLElement;
  addresses: Addresses;
} {
  const form = page.querySelector<CrowdForm>("crowd-form");
  const field = page.querySelector<HTMLInputElement>('crowd-form input[name="answer"]');
  const root = page.getElementById("root");
  const { task, pyramid } = root?.dataset ?? {};
  if (!form || !field || !root || !task || !pyramid) {
    throw new Error("This page is no task of Ground Truth: the template was not rendered with taskRef and pyramidRef.");
  }
  return { form, field, root, addresses: { task, pyramid } };
}
