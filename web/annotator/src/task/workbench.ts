/**
 * Everything that a person can do to the open drawing, a method a command. The screen shows it; keys, buttons and the
 * pointer come here.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { DrawingSurface, ToolName } from "../canvas/drawing_surface";
import type { Corner } from "../canvas/nudge";
import type { Edits } from "../canvas/ports";
import type { Category, Region } from "../document/region";
import { drawn } from "../document/region";
import { heightOf, moved, type Quad, readFrom } from "../geometry/quad";
import { mergedBox, readingOrder, splitAt } from "../geometry/split_merge";
import type { OpenTask } from "../storage/open_task";
import type { Command } from "./commands";
import { neighbour, nextOpen, workingOrder } from "./order";

export type Dialog = "help" | "skip" | "check" | "sure" | "overwrite" | null;

/** One line for the person; `key` of the messages. */
export type Remark =
  | "text_missing"
  | "all_accepted"
  | "no_ink"
  | "read_failed"
  | "nothing_to_merge"
  | "not_given_back"
  | null;

const UNREADABLE = "###";
const NEAR = 1; // pixels of a nudge
const FAR = 10;
const STEP = 4; // screen pixels of the cross-hair for one of a nudge
const COPY_OFFSET = 1.2; // line heights below the original

export class Workbench {
  readonly surface: Signal<DrawingSurface | null> = signal(null);
  readonly dialog: Signal<Dialog> = signal(null);
  readonly remark: Signal<Remark> = signal(null);
  /** What the machine reads in the current box instead of a person's text: nobody has decided yet. */
  readonly proposal: Signal<{ readonly id: string; readonly text: string } | null> = signal(null);
  readonly reading: Signal<boolean> = signal(false);
  /** Counted up when the text field is to have the focus. */
  readonly textWanted: Signal<number> = signal(0);
  readonly order: ReadonlySignal<readonly string[]>;
  readonly accepted: ReadonlySignal<number>;

  /** Where the caret stands in the text field; null outside of it. */
  caret: number | null = null;
  /** What the machine has read again, by region id: no person has typed it. */
  readonly #readAgainAs = new Map<string, string>();
  #category: Category = "dimension";

  constructor(readonly task: OpenTask) {
    const { document } = task;
    this.order = computed(() => workingOrder(document.regions.value, document.confidence));
    this.accepted = computed(() => document.regions.value.filter(({ accepted }) => accepted).length);
  }

  /** For the canvas. */
  readonly edits: Edits = {
    draw: (points, loose) => void this.#draw(points, loose),
    reshape: (outlines) => {
      this.task.document.edit("reshape", [...outlines.keys()], ({ id, points }) => ({
        points: outlines.get(id) ?? points,
      }));
      void this.#readMoved([...outlines.keys()]);
    },
    select: (ids) => this.task.document.select(ids),
    open: (id) => {
      this.task.document.select([id]);
      this.wantText();
    },
  };

  run(command: Command): void {
    this.remark.value = null;
    this.#commands[command]();
  }

  /** Go to a region: select it and bring it to where it can be read. */
  go(id: string | null): void {
    if (id === null) return;
    this.task.document.select([id]);
    const region = this.task.document.current.peek();
    if (region !== null) this.surface.peek()?.show(region.points);
  }

  /** Begin with what the machine was least sure of. */
  begin(): void {
    const { document } = this.task;
    this.go(nextOpen(this.order.peek(), document.byId.peek(), null) ?? this.order.peek()[0] ?? null);
    if (document.current.peek() !== null) this.wantText();
  }

  /** Say that these are right, in one step, and go on to what is left. */
  acceptTogether(ids: readonly string[]): void {
    const { document } = this.task;
    document.accept(ids);
    const next = nextOpen(this.order.peek(), document.byId.peek(), null);
    if (next === null) this.remark.value = "all_accepted";
    else this.go(next);
    this.wantText();
  }

  wantText(): void {
    this.textWanted.value++;
  }

  /** What the text field shows and takes: `###` is what nobody can read. */
  type(id: string, text: string): void {
    const unreadable = text.trim() === UNREADABLE;
    const change = unreadable ? { text: "", ignore: true } : { text, ignore: false };
    this.task.document.edit(unreadable ? "ignore" : "text", [id], () => change);
  }

  shown({ text, ignore }: Region): string {
    return ignore ? UNREADABLE : text;
  }

  categorise(category: Category): void {
    this.#category = category;
    this.task.document.edit("category", this.#selected(), () => ({ category }));
  }

  /** Decide about the machine's proposal for a text that a person has typed. */
  decide(take: boolean): void {
    const proposal = this.proposal.value;
    if (take && proposal !== null) this.#take(proposal.id, proposal.text);
    this.proposal.value = null;
    this.dialog.value = null;
    this.wantText();
  }

  readonly #commands: Readonly<Record<Command, () => void>> = {
    accept: () => this.#accept(),
    next: () => this.#step(1),
    previous: () => this.#step(-1),
    look_over: () => this.#open("sure"),
    edit_text: () => this.wantText(),
    leave: () => this.#leave(),
    next_area: () => this.#nextArea(),
    text: () => this.categorise("text"),
    dimension: () => this.categorise("dimension"),
    symbol: () => this.categorise("symbol"),
    table: () => this.categorise("table"),
    title_block: () => this.categorise("title_block"),
    unreadable: () => this.#unreadable(),
    read_again: () => void this.#readAgain(this.task.document.current.peek()?.id ?? "", true),
    draw: () => this.#tool("two_click"),
    draw_slanted: () => this.#tool("three_point"),
    delete: () => this.#delete(),
    copy: () => this.#copy(),
    split: () => this.#split(),
    merge: () => this.#merge(),
    select_all: () => this.task.document.select(this.order.peek()),
    turn_text: () => this.#turnText(),
    snap: () => void this.#snap(),
    corner_1: () => this.#corner(0),
    corner_2: () => this.#corner(1),
    corner_3: () => this.#corner(2),
    corner_4: () => this.#corner(3),
    whole_box: () => this.#corner(null),
    nudge_left: () => this.#nudge([-1, 0], NEAR),
    nudge_right: () => this.#nudge([1, 0], NEAR),
    nudge_up: () => this.#nudge([0, -1], NEAR),
    nudge_down: () => this.#nudge([0, 1], NEAR),
    nudge_far_left: () => this.#nudge([-1, 0], FAR),
    nudge_far_right: () => this.#nudge([1, 0], FAR),
    nudge_far_up: () => this.#nudge([0, -1], FAR),
    nudge_far_down: () => this.#nudge([0, 1], FAR),
    leap_left: () => this.#leap([-1, 0]),
    leap_right: () => this.#leap([1, 0]),
    leap_up: () => this.#leap([0, -1]),
    leap_down: () => this.#leap([0, 1]),
    go_near: () => this.go(this.task.document.current.peek()?.id ?? null),
    whole_sheet: () => this.surface.peek()?.fit(),
    zoom_in: () => this.surface.peek()?.zoom(1.25),
    zoom_out: () => this.surface.peek()?.zoom(0.8),
    turn_view: () => this.surface.peek()?.turn(1),
    show_texts: () => this.#showTexts(),
    undo: () => this.#history("undo"),
    redo: () => this.#history("redo"),
    submit: () => this.#open("check"),
    skip: () => this.#open("skip"),
    help: () => this.#open("help"),
  };

  /** What changes is shown, wherever the person is on the sheet. */
  #history(way: "undo" | "redo"): void {
    const { document } = this.task;
    document[way]();
    const region = document.current.peek();
    if (region !== null) this.surface.peek()?.show(region.points);
  }

  #selected(): readonly string[] {
    return this.task.document.selection.peek();
  }

  #open(dialog: Dialog): void {
    this.dialog.value = dialog;
  }

  #tool(name: ToolName): void {
    const surface = this.surface.peek();
    if (surface === null) return;
    surface.tool.value = name;
    surface.host.focus();
  }

  /** The surface while the person draws on it; null while the hands are at something else. */
  #drawing(): DrawingSurface | null {
    const surface = this.surface.peek();
    return surface?.drawing.peek() && this.caret === null ? surface : null;
  }

  #accept(): void {
    const surface = this.#drawing();
    if (surface !== null) {
      surface.place();
      return;
    }
    const { document } = this.task;
    const current = document.current.peek();
    if (current === null) {
      this.begin();
      return;
    }
    if (!current.ignore && current.text.trim() === "") {
      this.remark.value = "text_missing";
      this.wantText();
      return;
    }
    document.accept(this.#selected());
    const next = nextOpen(this.order.peek(), document.byId.peek(), current.id);
    if (next === null) this.remark.value = "all_accepted";
    else this.go(next);
  }

  #step(steps: 1 | -1): void {
    this.go(neighbour(this.order.peek(), this.task.document.current.peek()?.id ?? null, steps));
  }

  /** One thing after the other: what the pointer began, the drawing tool, the text field, the selection. */
  #leave(): void {
    const surface = this.surface.peek();
    if (surface === null || surface.cancel()) return;
    const typing = this.caret !== null;
    if (surface.tool.peek() !== "select") surface.tool.value = "select";
    else if (!typing) this.task.document.select([]);
    surface.host.focus();
  }

  /** From the drawing to the text, the list, the commands and back: Tab goes through the boxes. */
  #nextArea(): void {
    const areas = [...globalThis.document.querySelectorAll<HTMLElement>("[data-area]")];
    const at = areas.findIndex((area) => area.contains(globalThis.document.activeElement));
    const area = areas[(at + 1) % areas.length];
    const target = area?.matches("[tabindex]") ? area : area?.querySelector<HTMLElement>("button, input, [tabindex]");
    target?.focus();
  }

  #unreadable(): void {
    this.task.document.edit("ignore", this.#selected(), ({ ignore }) =>
      ignore ? { ignore: false } : { ignore: true, text: "" },
    );
  }

  #delete(): void {
    const { document } = this.task;
    const gone = this.#selected();
    const next = neighbour(this.order.peek(), gone.at(-1) ?? null, 1);
    document.replace("delete", gone, []);
    if (next !== null && document.byId.peek().has(next)) this.go(next);
  }

  /** @param loose The corners lie about where they are meant: the ink says where. */
  async #draw(points: Quad, loose: boolean): Promise<void> {
    const region = drawn(points, this.#category);
    this.task.document.replace("draw", [], [region]);
    const surface = this.surface.peek();
    if (surface !== null) surface.tool.value = "select";
    this.wantText();
    if (loose) await this.#snap();
    else await this.#readAgain(region.id, false);
  }

  #copy(): void {
    const { document } = this.task;
    const copies = this.#selected().flatMap((id) => {
      const region = document.byId.peek().get(id);
      if (region === undefined) return [];
      const down = heightOf(region.points) * COPY_OFFSET;
      return [{ ...drawn(moved(region.points, [0, down]), region.category, region.text), ignore: region.ignore }];
    });
    document.replace("copy", [], copies);
  }

  /** At the caret while the text is edited, else in the middle. */
  #split(): void {
    const { document } = this.task;
    const region = document.current.peek();
    if (region === null) return;
    const { text, points, category } = region;
    const at =
      this.caret !== null && this.caret > 0 && this.caret < text.length ? this.caret : Math.ceil(text.length / 2);
    const [left, right] = splitAt(points, text.length > 1 ? at / text.length : 0.5);
    const parts = [drawn(left, category, text.slice(0, at).trim()), drawn(right, category, text.slice(at).trim())];
    document.replace("split", [region.id], parts);
    document.select([parts[0]?.id ?? ""]);
  }

  #merge(): void {
    const { document } = this.task;
    const regions = this.#selected().flatMap((id) => document.byId.peek().get(id) ?? []);
    const [first, ...rest] = regions.map(({ points }) => points);
    if (first === undefined || rest.length === 0) {
      this.remark.value = "nothing_to_merge";
      return;
    }
    const ordered = readingOrder([first, ...rest]).flatMap((index) => regions[index] ?? []);
    const text = ordered
      .map((region) => region.text)
      .join(" ")
      .trim();
    const merged = drawn(mergedBox([first, ...rest]), ordered[0]?.category ?? this.#category, text);
    document.replace(
      "merge",
      regions.map(({ id }) => id),
      [merged],
    );
  }

  #turnText(): void {
    const turned = this.#selected();
    this.task.document.edit("reshape", turned, ({ points }) => ({ points: readFrom(points, 1) }));
    void this.#readMoved(turned);
  }

  #corner(corner: Corner | null): void {
    const surface = this.surface.peek();
    if (surface !== null) surface.corner.value = corner;
  }

  #leap(direction: readonly [number, number]): void {
    this.#drawing()?.leap(direction);
  }

  #nudge(direction: readonly [number, number], pixels: number): void {
    const surface = this.#drawing();
    if (surface !== null) {
      surface.step(direction, pixels * STEP);
      return;
    }
    const { document } = this.task;
    const outlines = new Map(
      this.#selected().flatMap((id) => {
        const region = document.byId.peek().get(id);
        return region === undefined ? [] : [[id, region.points] as const];
      }),
    );
    const nudged = this.surface.peek()?.nudged(outlines, direction, pixels) ?? new Map<string, Quad>();
    document.edit("nudge", [...nudged.keys()], ({ id, points }) => ({ points: nudged.get(id) ?? points }));
  }

  async #snap(): Promise<void> {
    const { document } = this.task;
    const fitted = this.#selected();
    for (const id of fitted) {
      const region = document.byId.peek().get(id);
      if (region === undefined) continue;
      const snapped = await this.surface
        .peek()
        ?.snap(region.points)
        .catch(() => null);
      if (snapped === undefined || snapped === null) this.remark.value = "no_ink";
      else document.edit("reshape", [id], () => ({ points: snapped }));
    }
    await this.#readMoved(fitted);
  }

  /** Another box may hold another text, where a single one was changed. What somebody has typed or accepted stays. */
  async #readMoved([id = "", ...more]: readonly string[]): Promise<void> {
    const region = more.length === 0 ? this.task.document.byId.peek().get(id) : undefined;
    if (region !== undefined && !region.accepted && !this.#typed(region)) await this.#readAgain(id, false);
  }

  #typed({ id, ignore, source, text }: Region): boolean {
    const machines = this.task.work.task.regions.find((region) => region.id === id)?.text;
    const known = text.trim() === "" || text === machines || text === this.#readAgainAs.get(id);
    return ignore || (source === "person" && !known);
  }

  #take(id: string, text: string): void {
    this.#readAgainAs.set(id, text);
    this.task.document.read(id, text);
  }

  #showTexts(): void {
    const surface = this.surface.peek();
    if (surface !== null) surface.labels.value = !surface.labels.value;
  }

  /**
   * What the machine sees in a box. A text that a person has typed is not replaced without asking.
   *
   * @param asked By a person, who is told and may decide; else it is tried and nothing is said.
   */
  async #readAgain(id: string, asked: boolean): Promise<void> {
    const { document, synchroniser } = this.task;
    const region = document.byId.peek().get(id);
    const surface = this.surface.peek();
    if (region === undefined || surface === null) return;
    this.reading.value = true;
    try {
      const text = await synchroniser.read(await base64(await surface.cropPng(region.points)));
      const now = document.byId.peek().get(region.id);
      if (now === undefined || now.text === text || (now.accepted && !asked)) return;
      if (!this.#typed(now)) {
        this.#take(now.id, text);
        return;
      }
      if (!asked) return;
      this.proposal.value = { id: now.id, text };
      this.dialog.value = "overwrite";
    } catch {
      if (asked) this.remark.value = "read_failed";
    } finally {
      this.reading.value = false;
    }
  }
}

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
