/**
 * What the machine is sure of as a contact sheet: each text below its picture, the same ones side by side. A person marks what
 * is wrong; one key accepts the others, and the marked ones stay to be mended.
 */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Region } from "../document/region";
import { DialogWindow } from "./dialog";
import { nameOf } from "./keymap";
import { commandOf, keys } from "./keys";
import { say } from "./messages";
import { chooseSureFrom, sureFrom, sureRegions, THRESHOLDS } from "./sure";
import type { Workbench } from "./workbench";

const HEIGHT = 40; // screen pixels of a picture
const MARGIN = 0.6; // of the text's height, on every side: what a box cuts off is seen

export function SureDialog({ bench }: { bench: Workbench }) {
  const { document, work } = bench.task;
  const wrong: Signal<ReadonlySet<string>> = useSignal(new Set());
  const grid = useRef<HTMLFieldSetElement>(null);
  const [regions, from] = [document.regions.value, sureFrom.value];
  const sure = useMemo(
    () => sureRegions(regions, document.confidence, from, work.task.image),
    [regions, document, from, work],
  );
  const right = sure.filter(({ id }) => !wrong.value.has(id));

  const close = () => {
    bench.dialog.value = null;
  };
  const accept = () => {
    close();
    bench.acceptTogether(right.map(({ id }) => id));
  };
  const toggle = (id: string) => {
    const marked = new Set(wrong.value);
    if (!marked.delete(id)) marked.add(id);
    wrong.value = marked;
  };
  const takeAway = (cell: HTMLElement) => {
    const neighbour = cell.nextElementSibling ?? cell.previousElementSibling;
    if (neighbour instanceof HTMLElement) neighbour.focus();
    document.replace("delete", [cell.dataset.region ?? ""], []);
  };
  const listen = (event: KeyboardEvent) => {
    const stroke = nameOf(event);
    const cell = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>(".cell") : null;
    if (stroke === null || cell === null) return;
    const command = commandOf.value.get(stroke);
    if (command === "accept") accept();
    else if (command === "delete") takeAway(cell);
    else if (!walk(grid.current, cell, stroke)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <DialogWindow title={say("sure.title")} close={close} onKeyDown={listen}>
      <p class="small">
        {say("sure.text", { accept: keys.value.get("accept")?.[0] ?? "", remove: keys.value.get("delete")?.[0] ?? "" })}
      </p>
      <label class="small">
        {say("sure.from")}{" "}
        <select
          value={sureFrom.value}
          onChange={(event) => {
            chooseSureFrom(Number(event.currentTarget.value));
          }}
        >
          {THRESHOLDS.map((threshold) => (
            <option key={threshold} value={threshold}>
              {say("sure.percent", { percent: Math.round(threshold * 100) })}
            </option>
          ))}
        </select>
      </label>
      <fieldset ref={grid} class="sure-grid">
        <legend class="visually-hidden">{say("sure.mark")}</legend>
        {sure.map((region, index) => (
          <button
            key={region.id}
            type="button"
            class="cell"
            data-region={region.id}
            autofocus={index === 0}
            aria-pressed={wrong.value.has(region.id)}
            onClick={() => toggle(region.id)}
          >
            <Picture bench={bench} region={region} />
            <span class="drawing-text">{region.text}</span>
            <span class="small">{say(`category.${region.category}`)}</span>
          </button>
        ))}
      </fieldset>
      {sure.length === 0 && <p class="muted">{say("sure.none")}</p>}
      <div class="actions">
        <button type="button" onClick={close}>
          {say("cancel")}
        </button>
        <button type="button" class="primary" disabled={right.length === 0} onClick={accept}>
          {say("sure.accept", { n: right.length })}
        </button>
      </div>
    </DialogWindow>
  );
}

/** Made when it comes into view: a sheet may have a thousand. */
function Picture({ bench, region }: { bench: Workbench; region: Region }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = bench.surface.value;
  useEffect(() => {
    const target = canvas.current;
    if (target === null || surface === null) return;
    const seen = new IntersectionObserver(async (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      const pixels = await surface.crop(region.points, HEIGHT * devicePixelRatio, MARGIN).catch(() => null);
      if (pixels === null) return;
      target.width = pixels.width;
      target.height = pixels.height;
      target.getContext("2d")?.putImageData(pixels, 0, 0);
    });
    seen.observe(target);
    return () => seen.disconnect();
  }, [surface, region.points]);
  return <canvas ref={canvas} />;
}

/** The arrow keys go through the cells as they lie; false for another key. */
function walk(grid: HTMLElement | null, from: HTMLElement, stroke: string): boolean {
  const cells = [...(grid?.querySelectorAll<HTMLElement>(".cell") ?? [])];
  const at = cells.indexOf(from);
  const middle = (cell: HTMLElement) => cell.offsetLeft + cell.offsetWidth / 2;
  const nearest = (row: readonly HTMLElement[]) => {
    const top = row[0]?.offsetTop;
    const inRow = row.filter((cell) => cell.offsetTop === top);
    return inRow.toSorted((a, b) => Math.abs(middle(a) - middle(from)) - Math.abs(middle(b) - middle(from)))[0];
  };
  const ways: Readonly<Record<string, () => HTMLElement | undefined>> = {
    ArrowRight: () => cells[at + 1],
    ArrowLeft: () => cells[at - 1],
    ArrowDown: () => nearest(cells.slice(at).filter((cell) => cell.offsetTop > from.offsetTop)),
    ArrowUp: () =>
      nearest(
        cells
          .slice(0, at)
          .filter((cell) => cell.offsetTop < from.offsetTop)
          .reverse(),
      ),
  };
  const way = ways[stroke];
  way?.()?.focus();
  return way !== undefined;
}
