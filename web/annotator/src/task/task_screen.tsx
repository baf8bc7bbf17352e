/** The screen on which one drawing is labelled. */
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { DrawingSurface } from "../canvas/drawing_surface";
import type { Address } from "../canvas/pyramid";
import { TileGrid } from "../canvas/tile_grid";
import type { LoadTile } from "../canvas/tile_loader";
import type { Answer, Work } from "../document/task";
import { keyOf, type LocalStore } from "../storage/local_store";
import { OpenTask } from "../storage/open_task";
import type { TaskServer } from "../storage/server";
import { TabLock } from "../storage/tab_lock";
import { CheckDialog } from "./check_dialog";
import { CurrentRegion } from "./current_region";
import { DrawingHint } from "./drawing_hint";
import { HelpDialog } from "./help_dialog";
import { Hint } from "./hint";
import { belongsToText, nameOf } from "./keymap";
import { commandOf } from "./keys";
import { say } from "./messages";
import { OverwriteDialog } from "./overwrite_dialog";
import { RegionList } from "./region_list";
import { SkipDialog } from "./skip_dialog";
import { StatusLine } from "./status_line";
import { SureDialog } from "./sure_dialog";
import { Toolbar } from "./toolbar";
import { Workbench } from "./workbench";
import "./task.css";

export interface TaskScreenProps {
  readonly work: Work;
  /** Whose work it is: a lasting name. */
  readonly person: string;
  readonly server: TaskServer;
  /** Null where the browser forbids storage. */
  readonly store: LocalStore | null;
  /** Where the drawing's tiles come from; usually `pyramidTiles`. */
  readonly tiles: (address: Address) => LoadTile<ImageBitmap>;
  /** The answer has arrived, or the person wants to leave. */
  readonly leave: (how: "submitted" | "left") => void;
  readonly signIn: () => void;
  /** What stands beside the boxes; in a review what people said before. */
  readonly beside?: (bench: Workbench) => ComponentChildren;
}

export function TaskScreen(props: TaskScreenProps) {
  const { work, person, server, store } = props;
  const bench: Signal<Workbench | null> = useSignal(null);
  const elsewhere = useSignal(false);
  const lock: Signal<TabLock | null> = useSignal(null);

  useEffect(() => {
    const { job, task, round } = work.task;
    let ended = false;
    const taken = new TabLock(
      keyOf({ person, job, task, round }),
      async () => await bench.peek()?.task.journal.settled(),
    );
    lock.value = taken;
    let had = false;
    const stop = taken.held.subscribe(async (held) => {
      bench.peek()?.task.close();
      bench.value = null;
      elsewhere.value = had && !held;
      had = held;
      if (!held) return;
      const open = await OpenTask.open({ work, person, server, store });
      if (ended || !taken.held.peek()) {
        open.close();
        return;
      }
      bench.value = new Workbench(open);
      await open.synchroniser.start();
    });
    void taken.take().then((held) => {
      elsewhere.value = !held;
    });
    return () => {
      ended = true;
      stop();
      bench.peek()?.task.close();
      taken.close();
    };
  }, [work, person, server, store, bench, elsewhere, lock]);

  if (bench.value !== null) return <Screen key={work.task.task} {...props} bench={bench.value} />;
  if (!elsewhere.value) return <p class="muted beginning">{say("opening")}</p>;
  return (
    <section class="notice warn elsewhere" role="alert">
      <h2>{say("tab.elsewhere")}</h2>
      <p>{say("tab.why")}</p>
      <button type="button" class="primary" onClick={() => void lock.value?.takeOver()}>
        {say("tab.take")}
      </button>
    </section>
  );
}

function Screen({ bench, work, tiles, leave, signIn, beside }: TaskScreenProps & { bench: Workbench }) {
  const host = useRef<HTMLDivElement>(null);
  const { task } = bench;
  const link = task.synchroniser.link.value;

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const { image, pyramid } = work.task;
    const surface = new DrawingSurface(element, {
      grid: new TileGrid(image.width, image.height, pyramid.tile, pyramid.levels),
      load: tiles((renew) => task.synchroniser.address(renew)),
      source: task.document,
      edits: bench.edits,
    });
    bench.surface.value = surface;
    bench.begin();
    return () => {
      bench.surface.value = null;
      surface.stop();
    };
  }, [bench, task, work, tiles]);

  useEffect(() => {
    if (link === "done") leave("submitted");
  }, [link, leave]);

  useEffect(() => {
    const online = () => void task.synchroniser.tryNow();
    window.addEventListener("online", online);
    return () => window.removeEventListener("online", online);
  }, [task]);

  const submit = (status: Answer["status"], reason = "") => {
    bench.dialog.value = null;
    void task.synchroniser.submit(task.answer(status, reason));
  };
  const close = () => {
    bench.dialog.value = null;
  };
  const giveBack = () => {
    close();
    task.synchroniser.giveBack().then(
      () => leave("left"),
      () => {
        bench.remark.value = "not_given_back";
      },
    );
  };
  const dialog = bench.dialog.value;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys are heard wherever in the screen the focus is
    <div
      class="task"
      data-task={work.task.task}
      onKeyDownCapture={(event) => {
        if (!event.repeat && nameOf(event) !== null) task.effort.key(event.timeStamp);
      }}
      onPointerDownCapture={(event) => task.effort.click(event.timeStamp)}
      onPointerMoveCapture={(event) => task.effort.active(event.timeStamp)}
      onKeyDown={(event) => obey(bench, event)}
    >
      <Toolbar bench={bench} />
      <div class="middle">
        <div class="drawing" ref={host} role="application" data-area="drawing" aria-label={say("drawing")} />
        <DrawingHint bench={bench} />
        <Hint begin={() => bench.begin()} />
        <aside class="panel">
          <Notices bench={bench} />
          <section class="current" aria-label={say("current")} data-area="current">
            <CurrentRegion bench={bench} />
          </section>
          {beside?.(bench)}
          <RegionList bench={bench} />
        </aside>
      </div>
      <StatusLine bench={bench} signIn={signIn} leave={() => leave("left")} />
      {dialog === "help" && <HelpDialog close={close} />}
      {dialog === "skip" && (
        <SkipDialog close={close} giveBack={giveBack} skip={(reason) => submit("skipped", reason)} />
      )}
      {dialog === "check" && <CheckDialog bench={bench} submit={() => submit("labelled")} />}
      {dialog === "sure" && <SureDialog bench={bench} />}
      {dialog === "overwrite" && <OverwriteDialog bench={bench} />}
    </div>
  );
}

/** What came from elsewhere, and what was found again. */
function Notices({ bench }: { bench: Workbench }) {
  const { resumed, synchroniser } = bench.task;
  const merging = synchroniser.merging.value;
  const shown = useSignal(true);
  const conflict = merging?.conflicts[0];
  return (
    <div role="status">
      {resumed > 0 && shown.value && (
        <p class="notice good small">
          {say("resumed", { n: resumed })}
          <button
            type="button"
            class="small quiet"
            aria-label={say("close")}
            onClick={() => {
              shown.value = false;
            }}
          >
            ×
          </button>
        </p>
      )}
      {merging !== null && (
        <p class="notice warn small">
          {say("merged", { n: merging.regions })}{" "}
          {conflict !== undefined && say("merged.conflicts", { n: merging.conflicts.length })}
          {conflict !== undefined && (
            <button type="button" class="small" onClick={() => bench.go(conflict)}>
              {say("merged.show")}
            </button>
          )}
          <button
            type="button"
            class="small quiet"
            aria-label={say("close")}
            onClick={() => {
              synchroniser.merging.value = null;
            }}
          >
            ×
          </button>
        </p>
      )}
    </div>
  );
}

/** Run the command of a stroke, unless something else needs it: an input method, a text, a button, a window. */
function obey(bench: Workbench, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.key === "Process" || bench.dialog.peek() !== null) return;
  if (event.getModifierState("AltGraph")) return; // types a character
  const stroke = nameOf(event);
  const command = commandOf.peek().get(stroke ?? "");
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (stroke === null || command === undefined || target === null) return;
  const ours = target.id === "text" || target.closest("[data-area=drawing]") !== null;
  const typing = target instanceof HTMLInputElement;
  if (typing && belongsToText(stroke)) return;
  // Elsewhere on the screen Tab, Enter and the arrows do what they do on every page.
  if (!ours && (typing || /^(?:Shift\+)?(?:Tab|Enter|Space|Arrow\w+|Home|End|Escape)$/.test(stroke))) {
    if (command !== "leave") return;
  }
  event.preventDefault();
  bench.run(command);
}
