/** Labels of the open drawing from a file of another tool, and into one. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { AnnotationDocument } from "../document/document";
import { drawn, type Region } from "../document/region";
import type { Task } from "../document/task";
import { CATALOGUE, FORMATS, type FormatName, stemOf } from "../formats/catalogue";
import type { LabelledPicture } from "../formats/label";
import { say } from "./messages";

export function FilesDialog(props: { task: Task; document: AnnotationDocument; close: () => void }) {
  const { task, document, close } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState<FormatName>("labelme");
  const [replaces, setReplaces] = useState(false);
  const [said, setSaid] = useState<{ text: string; good: boolean } | null>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const format = CATALOGUE[name];
  const attempt = async (work: () => Promise<string | null>) => {
    try {
      const text = await work();
      setSaid(text === null ? null : { text, good: true });
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : String(error), good: false });
    }
  };
  const read = (file: File) =>
    attempt(async () => {
      const labels = format.read(await file.text(), file.name, pictureOf(task, document.regions.value));
      const regions = taken(labels, document.regions.value, replaces || name === "recognition");
      document.become("import", regions);
      return say("files.imported", { n: labels.length, file: file.name });
    });
  const save = () =>
    attempt(async () => {
      download(format.fileName(stemOf(task.image.uri)), format.write(pictureOf(task, document.regions.value)));
      return null;
    });
  return (
    <dialog ref={dialog} class="files" aria-labelledby="files-heading" onClose={close}>
      <h2 id="files-heading">{say("files.heading")}</h2>
      <label>
        {say("files.format")}
        <select value={name} onChange={(event) => setName(event.currentTarget.value as FormatName)}>
          {FORMATS.map((each) => (
            <option key={each} value={each}>
              {CATALOGUE[each].title}
            </option>
          ))}
        </select>
      </label>
      <p class="small muted">{say(`loses.${name}`)}</p>
      <fieldset>
        <legend>{say("files.import")}</legend>
        {name !== "recognition" && (
          <label>
            {say("files.mode")}
            <select
              value={replaces ? "replace" : "add"}
              onChange={(event) => setReplaces(event.currentTarget.value === "replace")}
            >
              <option value="add">{say("files.add")}</option>
              <option value="replace">{say("files.replace")}</option>
            </select>
          </label>
        )}
        <label>
          {say("files.choose")}
          <input
            type="file"
            accept=".json,.txt,.csv,.manifest,.jsonl"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              event.currentTarget.value = "";
              if (file) void read(file);
            }}
          />
        </label>
      </fieldset>
      <fieldset>
        <legend>{say("files.export")}</legend>
        <button type="button" onClick={() => void save()}>
          {say("files.save")}
        </button>
      </fieldset>
      {said !== null && (
        <p class={`notice ${said.good ? "good" : "bad"}`} role={said.good ? "status" : "alert"}>
          {said.text}
        </p>
      )}
      <button type="button" class="primary" onClick={() => dialog.current?.close()}>
        {say("files.close")}
      </button>
    </dialog>
  );
}

function pictureOf({ image }: Task, regions: readonly Region[]): LabelledPicture {
  return { image: image.uri, version_id: image.version_id, width: image.width, height: image.height, labels: regions };
}

type Labels = ReturnType<(typeof CATALOGUE)[FormatName]["read"]>;

/** Labels as regions that somebody still has to look at; one that says the same as a region that is there is that region. */
function taken(labels: Labels, there: readonly Region[], replaces: boolean): readonly Region[] {
  const known = new Map(there.map((region) => [JSON.stringify(region.points), region]));
  const regions = labels.map(({ points, text, category, ignore }) => {
    const region = known.get(JSON.stringify(points));
    if (region === undefined) return { ...drawn(points, category, text), ignore };
    known.delete(JSON.stringify(points));
    const same = region.text === text && region.category === category && region.ignore === ignore;
    return same ? region : { ...region, text, category, ignore, source: "person" as const, accepted: false };
  });
  if (replaces) return regions;
  const byId = new Map(regions.map((region) => [region.id, region]));
  const before = there.map((region) => byId.get(region.id) ?? region);
  return [...before, ...regions.filter(({ id }) => !there.some((region) => region.id === id))];
}

function download(name: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" }));
  const link = window.document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
