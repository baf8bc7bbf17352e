/** The current box: what it looks like, what it says, and which kind it is. */
import { CONFIDENCE_COLOURS, SURE_FROM, UNSURE_BELOW } from "../canvas/appearance";
import { CATEGORIES, type Region } from "../document/region";
import { CropView } from "./crop_view";
import { keys } from "./keys";
import { say } from "./messages";
import { SIGNS } from "./signs";
import { TextField } from "./text_field";
import type { Workbench } from "./workbench";

export function CurrentRegion({ bench }: { bench: Workbench }) {
  const { document } = bench.task;
  const region = document.current.value;
  const selected = document.selection.value.length;
  if (region === null) return <p class="muted">{say("nothing_selected")}</p>;
  return (
    <>
      <CropView bench={bench} region={region} />
      <TextField bench={bench} region={region} />
      <Remark bench={bench} />
      <p class="small facts">
        <Origin region={region} confidence={document.confidence.get(region.id)} />
        {selected > 1 && <span>{say("selected", { n: selected })}</span>}
        {bench.reading.value && <span>{say("reading")}</span>}
      </p>
      <Categories bench={bench} region={region} />
      <Palette />
    </>
  );
}

/** Whose it is, and how sure the machine was: in words, and in the colour of the box. */
export function Origin({ region, confidence }: { region: Region; confidence: number | undefined }) {
  if (region.accepted) return <span class="origin accepted">{say("accepted")}</span>;
  if (region.source === "person") return <span class="origin">{say("person")}</span>;
  if (confidence === undefined) return <span class="origin">{say("machine_unsure")}</span>;
  const { sure, doubtful, unsure } = CONFIDENCE_COLOURS;
  const colour = confidence >= SURE_FROM ? sure : confidence >= UNSURE_BELOW ? doubtful : unsure;
  return (
    <span class="origin" style={{ "--dot": colour }}>
      {say("machine", { percent: Math.round(confidence * 100) })}
    </span>
  );
}

function Remark({ bench }: { bench: Workbench }) {
  const remark = bench.remark.value;
  return (
    <p class="remark small" role="status">
      {remark !== null && say(`remark.${remark}`)}
    </p>
  );
}

function Categories({ bench, region }: { bench: Workbench; region: Region }) {
  return (
    <fieldset class="categories">
      <legend class="visually-hidden">{say("category")}</legend>
      {CATEGORIES.map((category) => (
        <button
          key={category}
          type="button"
          class={`category ${category}`}
          aria-pressed={region.category === category}
          title={keys.value.get(category)?.join("   ")}
          onClick={() => bench.categorise(category)}
        >
          {say(`category.${category}`)}
        </button>
      ))}
      <button
        type="button"
        class="category"
        aria-pressed={region.ignore}
        title={keys.value.get("unreadable")?.join("   ")}
        onClick={() => bench.run("unreadable")}
      >
        {say("unreadable")}
      </button>
    </fieldset>
  );
}

/** Puts a sign where the caret stands; the field keeps the focus, and an input method its composition. */
function Palette() {
  const insert = (sign: string) => {
    const field = document.getElementById("text");
    if (!(field instanceof HTMLInputElement)) return;
    field.focus();
    field.setRangeText(sign, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  return (
    <fieldset class="palette">
      <legend class="visually-hidden">{say("signs")}</legend>
      {SIGNS.map(({ sign, names: [name] }) => (
        <button
          key={sign}
          type="button"
          class="drawing-text"
          tabIndex={-1}
          title={`\\${name}`}
          aria-label={say("signs.insert", { sign, name })}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => insert(sign)}
        >
          {sign}
        </button>
      ))}
    </fieldset>
  );
}
