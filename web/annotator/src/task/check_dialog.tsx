/** What the guideline says before an answer is handed in: one key fixes a finding, one goes there. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Quad, sameQuad } from "../geometry/quad";
import { inkShare } from "../guideline/ink";
import { BINDING, check, type Finding, type Fix } from "../guideline/rules";
import { DialogWindow } from "./dialog";
import { nameOf } from "./keymap";
import { keys } from "./keys";
import { say } from "./messages";
import type { Workbench } from "./workbench";

const LOOKED_AT = 32; // pixels of height
const NOWHERE: Quad = [
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
];

export function CheckDialog({ bench, submit }: { bench: Workbench; submit: () => void }) {
  const { document, work } = bench.task;
  const chosen = useSignal(0);
  const regions = document.regions.value;
  const ink = useInk(bench);
  const findings = check(regions, work.task.image, ink);
  const binding = findings.some(({ rule }) => BINDING.has(rule));
  const open = regions.length - bench.accepted.value;
  const at = Math.min(chosen.value, findings.length - 1);

  const close = () => {
    bench.dialog.value = null;
  };
  const show = ({ region }: Finding) => {
    close();
    bench.go(region);
    bench.wantText();
  };
  const fix = ({ region, fix }: Finding) => {
    if (fix === null) return;
    if (fix.delete) document.replace("delete", [region], []);
    else document.edit("mend", [region], () => propertiesOf(fix));
  };
  const listen = (event: KeyboardEvent) => {
    const stroke = nameOf(event);
    const finding = findings[at];
    const submits = stroke !== null && keys.value.get("submit")?.includes(stroke);
    if (submits && !binding) submit();
    else if (stroke === "ArrowDown") chosen.value = Math.min(findings.length - 1, at + 1);
    else if (stroke === "ArrowUp") chosen.value = Math.max(0, at - 1);
    else if (stroke === "F" && finding !== undefined) fix(finding);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // Enter goes to the chosen finding, or hands in when there is none left: it presses the button that has the focus.
  const chosenOne = findings[at];
  const focused = useRef<HTMLButtonElement>(null);
  // Before the picture: the next key may be faster than it.
  useLayoutEffect(() => focused.current?.focus(), [chosenOne?.region, chosenOne?.rule]);

  return (
    <DialogWindow title={say("check.title")} close={close} onKeyDown={listen}>
      {open > 0 && <p>{say("check.open", { n: open })}</p>}
      <p>{findings.length === 0 ? say("check.none") : say("check.found", { n: findings.length })}</p>
      {findings.length > 0 && <p class="small muted">{say("check.fix_key")}</p>}
      <ol class="findings">
        {findings.map((finding, index) => (
          <li key={`${finding.region} ${finding.rule}`} aria-current={index === at}>
            <span class="drawing-text">{document.byId.value.get(finding.region)?.text || "…"}</span>
            <span>
              {say(`rule.${finding.rule}`)}
              {BINDING.has(finding.rule) && <strong> {say("check.must")}</strong>}
            </span>
            <span class="actions">
              {finding.fix !== null && (
                <button type="button" class="small" onClick={() => fix(finding)}>
                  {say("check.fix")}: {described(finding.fix)}
                </button>
              )}
              <button ref={index === at ? focused : null} type="button" class="small" onClick={() => show(finding)}>
                {say("check.show")}
              </button>
            </span>
          </li>
        ))}
      </ol>
      <div class="actions">
        <button type="button" onClick={close}>
          {say("cancel")}
        </button>
        <button
          ref={findings.length === 0 ? focused : null}
          type="button"
          class="primary"
          disabled={binding}
          onClick={submit}
        >
          {say("check.submit")}
        </button>
      </div>
    </DialogWindow>
  );
}

/** How much ink the boxes hold that people drew or moved, as far as the picture has been looked at. */
function useInk(bench: Workbench): ReadonlyMap<string, number> {
  const ink = useSignal<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    const { document, work } = bench.task;
    const machines = new Map(work.task.regions.map(({ id, points }) => [id, points]));
    const drawn = document.regions.peek().filter(({ id, points }) => !sameQuad(machines.get(id) ?? NOWHERE, points));
    let current = true;
    void (async () => {
      for (const { id, points } of drawn) {
        const pixels = await bench.surface
          .peek()
          ?.crop(points, LOOKED_AT, 0)
          .catch(() => null);
        if (!current) return;
        if (pixels !== undefined && pixels !== null) ink.value = new Map([...ink.peek(), [id, inkShare(pixels)]]);
      }
    })();
    return () => {
      current = false;
    };
  }, [bench, ink]);
  return ink.value;
}

function described(fix: Fix): string {
  if (fix.delete) return say("fix.delete");
  if (fix.ignore) return say("fix.ignore");
  const category = fix.category && say(`category.${fix.category}`);
  if (fix.text !== undefined && category !== undefined)
    return say("fix.text_and_category", { text: fix.text, category });
  if (fix.text !== undefined) return say("fix.text", { text: fix.text });
  if (category !== undefined) return say("fix.category", { category });
  return say("fix.points");
}

function propertiesOf({ delete: _, ignore, ...rest }: Fix) {
  return ignore ? { ...rest, ignore, text: "" } : rest;
}
