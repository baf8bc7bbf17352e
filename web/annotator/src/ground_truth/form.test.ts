// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import type { Answer } from "../document/task";
import { FormServer, renderedForm, workOf } from "./form";

const TASK = {
  schema: 1,
  job: "j",
  task: "0123456789abcdef",
  image: { uri: "s3://b/x.png", version_id: null, width: 100, height: 80 },
  pyramid: { uri: "s3://b/p", tile: 512, levels: 1 },
  model: null,
  regions: [],
  round: "label",
  versions: [],
};
const ADDRESSES = { task: "https://s3/task", pyramid: "https://s3/pyramid" };
const ANSWER: Answer = {
  schema: 1,
  job: "j",
  task: "0123456789abcdef",
  status: "skipped",
  reason: 'a "photo" & not <a drawing>',
  regions: [],
  seconds: 1,
  keystrokes: 2,
  clicks: 3,
};

afterEach(() => vi.unstubAllGlobals());

function rendered(): Document {
  document.body.innerHTML = `<crowd-form><input type="hidden" name="answer"><div id="root" data-task="https://s3/task"
    data-pyramid="https://s3/pyramid"></div></crowd-form>`;
  return document;
}

test("the answer is put into the form's field as the contract's JSON, then the form is submitted", async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(TASK)));
  const { form, field } = renderedForm(rendered());
  form.submit = vi.fn(() => expect(JSON.parse(field.value)).toEqual(ANSWER));
  const server = new FormServer(await workOf(ADDRESSES), form, field);
  expect(await server.saveDraft()).toBe(1);
  await server.submit({}, { token: "", expires: "" }, ANSWER);
  expect(form.submit).toHaveBeenCalledTimes(1);
});

test("the addresses are those that the template was rendered with", () => {
  expect(renderedForm(rendered()).addresses).toEqual(ADDRESSES);
});

test.each([
  ["a dead address", async () => new Response("", { status: 403 }), "the answer 403"],
  ["no network", async () => Promise.reject(new TypeError("Failed to fetch")), "no answer"],
  ["another version", async () => new Response('{"schema": 2}'), "not of this version"],
])("%s is said in one line", async (_, fetch, reason) => {
  vi.stubGlobal("fetch", fetch);
  await expect(workOf(ADDRESSES)).rejects.toThrow(reason);
});

test("a page that is no rendered template says so", () => {
  document.body.innerHTML = "<crowd-form></crowd-form>";
  expect(() => renderedForm(document)).toThrow("no task of Ground Truth");
});
