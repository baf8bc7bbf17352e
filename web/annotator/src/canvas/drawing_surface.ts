/**
 * The drawing with its regions, to look at and to work on. It fills an element of the page and shows a `RegionSource`;
 * what a pointer does goes to `Edits`. Keys, texts and the network's addresses are the page's; what keys do to boxes and to
 * the cross-hair is asked for here, since it depends on how the sheet lies.
 *
 * Three canvases lie over each other: the drawing, the regions, and what is being done. Each is painted only when what it
 * shows has changed, at most once a picture of the screen.
 */
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Point, scaled, unit } from "../geometry/point";
import { boundsOf, heightOf, type Quad, widthOf } from "../geometry/quad";
import { Crosshair } from "./crosshair";
import { type Corner, nudged } from "./nudge";
import { paintOverlay } from "./overlay";
import { cropped, inkEdge, snapped } from "./pixels";
import { Pointers } from "./pointers";
import type { Edits, RegionSource } from "./ports";
import { RegionIndex } from "./region_index";
import { RegionLayer } from "./region_layer";
import { Sheet, type SheetFailure } from "./sheet";
import type { TileGrid } from "./tile_grid";
import type { LoadTile } from "./tile_loader";
import { ThreePointTool, TwoClickTool } from "./tools/draw_tools";
import { SelectTool } from "./tools/select_tool";
import { type Tool, tidied } from "./tools/tool";
import {
  centred,
  fitted,
  MAX_SCALE,
  quartersTurned,
  type Size,
  screenBounds,
  toScreen,
  turned,
  uprightQuarters,
  type View,
  within,
  zoomed,
} from "./view";

type Layer = "sheet" | "regions" | "overlay";
export type ToolName = "select" | "two_click" | "three_point";

export interface SurfaceOptions {
  readonly grid: TileGrid;
  /** Usually `pyramidTiles`. */
  readonly load: LoadTile<ImageBitmap>;
  readonly source: RegionSource;
  readonly edits: Edits;
}

const MAX_RATIO = 2; // device pixels a screen pixel; more cannot be told apart and costs memory
const READABLE = { least: 14, wanted: 30, most: 90 } as const; // screen pixels of text height when a region is shown
const WIDEST = 0.7; // of the screen, for a region that is shown
const EDGE = 24; // screen pixels that a shown region stays away from the screen's edge
const ENLARGED = 736; // pixels of the lesser side to which the reader enlarges a page (drawing_ocr/reading/detector.py)
const LEAP = { breadth: 16, gap: 20 } as const; // screen pixels beside a leap in which ink counts, and between two texts

export class DrawingSurface {
  readonly view: ReadonlySignal<View>;
  readonly tool: Signal<ToolName> = signal("select");
  /** What the drawing tool waits for; null while nothing is drawn. */
  readonly drawing: ReadonlySignal<Tool["progress"]>;
  /** Which corner of the current region the arrow keys move; null: the whole region. */
  readonly corner: Signal<Corner | null> = signal(null);
  /** Whether texts stand beside their boxes. */
  readonly labels: Signal<boolean> = signal(false);
  /** False until the screen was once covered by tiles as sharp as it can show. */
  readonly sharp: ReadonlySignal<boolean>;
  /** Why the drawing cannot be shown in full; null while it can. */
  readonly failure: ReadonlySignal<SheetFailure | null>;

  readonly #view: Signal<View>;
  readonly #sheet: Sheet;
  readonly #regions = new RegionLayer();
  readonly #canvases: readonly [HTMLCanvasElement, HTMLCanvasElement, HTMLCanvasElement];
  readonly #tools: Readonly<Record<ToolName, Tool>>;
  readonly #pointers: Pointers;
  readonly #crosshair: Crosshair;
  readonly #drawing: Signal<Tool["progress"]> = signal(null);
  readonly #stopping = new AbortController();
  readonly #stops: (() => void)[];
  #index = new RegionIndex([]);
  #screen: Size = { width: 0, height: 0 };
  #ratio = 1;
  #hidden: ReadonlySet<string> = new Set();
  readonly #dirty: Record<Layer, boolean> = { sheet: false, regions: false, overlay: false };
  #frame = 0;

  /**
   * @param host Positioned, with a size of its own and the background that is to be seen beside the sheet. Its role is set
   *   here; its label is the page's, which knows the language.
   */
  constructor(
    readonly host: HTMLElement,
    private readonly options: SurfaceOptions,
  ) {
    const { grid, load, source, edits } = options;
    this.#sheet = new Sheet(grid, load, () => this.#repaint("sheet"));
    this.sharp = this.#sheet.sharp;
    this.failure = this.#sheet.failure;
    this.#view = signal(fitted(grid, { width: 1, height: 1 }, 0));
    this.view = this.#view;
    this.drawing = this.#drawing;
    this.#canvases = [canvasIn(host), canvasIn(host), canvasIn(host)];
    host.setAttribute("role", "application");
    host.tabIndex = 0;
    host.style.touchAction = "none";
    const desk = {
      sheet: grid,
      source,
      edits,
      view: () => this.#view.peek(),
      index: () => this.#index,
    };
    this.#tools = {
      select: new SelectTool(desk),
      two_click: new TwoClickTool(desk),
      three_point: new ThreePointTool(desk),
    };
    const stage = {
      tool: () => this.#tools[this.tool.peek()],
      view: () => this.#view.peek(),
      look: (view: View) => this.#look(view),
      onSheet: ([x, y]: Point): Point => [Math.min(grid.width, Math.max(0, x)), Math.min(grid.height, Math.max(0, y))],
      changed: () => this.#draftChanged(),
    };
    this.#pointers = new Pointers({ ...stage, element: host });
    this.#crosshair = new Crosshair({
      ...stage,
      screen: () => this.#screen,
      edge: async (from, to) => await this.#inkEdge(from, to),
    });
    const resizing = new ResizeObserver(() => this.#resize());
    resizing.observe(host);
    this.#resize();
    this.#stops = [() => resizing.disconnect(), () => this.#pointers.stop(), ...this.#watch()];
  }

  stop(): void {
    this.#stopping.abort();
    for (const stop of this.#stops) stop();
    cancelAnimationFrame(this.#frame);
    this.#sheet.stop();
    for (const canvas of this.#canvases) canvas.remove();
  }

  /** The whole sheet. */
  fit(): void {
    this.#look(fitted(this.options.grid, this.#screen, this.#view.peek().quarters));
  }

  /** About the cross-hair, else the middle of the screen; a factor above 1 makes the sheet larger. */
  zoom(factor: number): void {
    const view = this.#view.peek();
    const { cross } = this.#tools[this.tool.peek()].draft;
    this.#look(zoomed(view, cross === null ? this.#middle : toScreen(view, cross), factor));
  }

  /** Turns the sheet clockwise about the middle of the screen. */
  turn(quarters: number): void {
    this.#look(turned(this.#view.peek(), this.#middle, quarters));
  }

  /** Screen pixels. */
  pan(right: number, down: number): void {
    const view = this.#view.peek();
    this.#look({ ...view, x: view.x + right, y: view.y + down });
  }

  /** Brings a region to where it can be read; the view stays where it can be read already. */
  show(quad: Quad, { upright = true }: { upright?: boolean } = {}): void {
    const view = this.#view.peek();
    const quarters = upright ? uprightQuarters(quad) : view.quarters;
    const height = heightOf(quad) * view.scale;
    const readable = height >= READABLE.least && height <= READABLE.most;
    const widest = (WIDEST * this.#screen.width) / widthOf(quad);
    const scale = Math.min(MAX_SCALE, widest, readable ? view.scale : READABLE.wanted / heightOf(quad));
    const { left, top, right, bottom } = screenBounds(view, boundsOf(quad));
    const { width, height: room } = this.#screen;
    const inSight = left >= EDGE && top >= EDGE && right <= width - EDGE && bottom <= room - EDGE;
    if (inSight && quarters === view.quarters && scale === view.scale) return;
    this.#look(centred(boundsOf(quad), this.#screen, scale, quarters));
  }

  /** Moves the cross-hair of the drawing tool. `pixels` of the screen. */
  step(direction: Point, pixels: number): void {
    void this.#crosshair.step(direction, pixels);
  }

  /** Moves the cross-hair to where ink ends or begins next. */
  leap(direction: Point): void {
    void this.#crosshair.leap(direction);
  }

  /** The drawing tool's next place is where the cross-hair stands. */
  place(): void {
    void this.#crosshair.set();
  }

  /**
   * Moves outlines on the screen, whichever way the sheet is turned: whole, or the chosen corner of the only one.
   *
   * @param outlines By region id.
   * @param direction On the screen.
   * @param pixels Of the sheet.
   * @returns The outlines that could move.
   */
  nudged(outlines: ReadonlyMap<string, Quad>, direction: Point, pixels: number): ReadonlyMap<string, Quad> {
    const way = unit(quartersTurned(direction, -this.#view.peek().quarters));
    return way === null ? new Map() : nudged(outlines, scaled(way, pixels), this.corner.peek(), this.options.grid);
  }

  /** Gives up what the pointer has begun; false where there is nothing. */
  cancel(): boolean {
    const cancelled = this.#tools[this.tool.peek()].cancel();
    this.#draftChanged();
    return cancelled;
  }

  /** The quad fitted to its ink, or null where it holds none. Rejects where the drawing cannot be loaded. */
  async snap(quad: Quad): Promise<Quad | null> {
    const found = await snapped(this.#sheet, quad, this.#stopping.signal);
    return found === null ? null : tidied(found, this.options.grid);
  }

  /**
   * The text of a region upright and straight, for the eye.
   *
   * @param height Device pixels.
   * @param margin What is seen around it, of its height.
   */
  async crop(quad: Quad, height: number, margin: number): Promise<ImageData> {
    return await cropped(this.#sheet, quad, height, margin, this.#stopping.signal);
  }

  /**
   * The text of a region as large as the sheet has it, with paper around it, for the reader. It looks for text as on a page,
   * and enlarges what is low: of 30 texts in their boxes it reads 26 so, in 0.5 s each, and 15 without paper, in 1.7 s.
   */
  async cropPng(quad: Quad): Promise<Blob> {
    const pixels = await cropped(this.#sheet, quad, Math.max(8, heightOf(quad)), 0, this.#stopping.signal);
    const { width, height } = pixels;
    const canvas = new OffscreenCanvas(width + 2 * height, Math.max(3 * height, Math.min(width, ENLARGED)));
    const context = canvas.getContext("2d");
    if (context !== null) {
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.putImageData(pixels, height, Math.floor((canvas.height - height) / 2));
    }
    return await canvas.convertToBlob({ type: "image/png" });
  }

  async #inkEdge(from: Point, to: Point): Promise<Point | null> {
    const { scale } = this.#view.peek();
    const reach = { breadth: LEAP.breadth / scale, gap: LEAP.gap / scale, scale };
    return await inkEdge(this.#sheet, [from, to], reach, this.#stopping.signal);
  }

  get #middle(): Point {
    return [this.#screen.width / 2, this.#screen.height / 2];
  }

  #watch(): (() => void)[] {
    const { source } = this.options;
    let last: ToolName = this.tool.peek();
    let current: string | undefined;
    return [
      effect(() => {
        this.#index = this.#index.updated(source.regions.value);
        this.#repaint("regions", "overlay");
      }),
      effect(() => {
        const now = source.selection.value.at(-1);
        if (now !== current) this.corner.value = null;
        current = now;
        this.#repaint("overlay");
      }),
      effect(() => {
        this.corner.value;
        this.#repaint("overlay");
      }),
      effect(() => {
        this.labels.value;
        this.#repaint("regions");
      }),
      effect(() => {
        this.#tools[last].cancel();
        last = this.tool.value;
        if (this.#tools[last].progress === null) this.#draftChanged();
        else this.#crosshair.begin(this.#pointers.at ?? this.#middle);
      }),
    ];
  }

  #look(view: View): void {
    this.#view.value = within(view, this.options.grid, this.#screen);
    this.#repaint("sheet", "regions", "overlay");
  }

  /** A region whose outline is being changed is painted with the draft only. */
  #draftChanged(): void {
    const { draft, progress } = this.#tools[this.tool.peek()];
    if (progress?.set !== this.#drawing.peek()?.set || progress?.needed !== this.#drawing.peek()?.needed) {
      this.#drawing.value = progress;
    }
    const { outlines } = draft;
    const same = outlines.size === this.#hidden.size && [...outlines.keys()].every((id) => this.#hidden.has(id));
    if (!same) {
      this.#hidden = new Set(outlines.keys());
      this.#repaint("regions");
    }
    this.#repaint("overlay");
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const ratio = Math.min(MAX_RATIO, devicePixelRatio);
    const before = this.#screen;
    if (width === before.width && height === before.height && ratio === this.#ratio) return;
    this.#screen = { width, height };
    this.#ratio = ratio;
    for (const canvas of this.#canvases) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    if (before.width === 0 || before.height === 0) this.fit();
    else this.pan((width - before.width) / 2, (height - before.height) / 2); // what was in the middle stays there
    this.#paint(); // at once: a canvas that was resized is empty
  }

  #repaint(...layers: readonly Layer[]): void {
    for (const layer of layers) this.#dirty[layer] = true;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    this.#frame = 0;
    if (this.#screen.width === 0 || this.#screen.height === 0) return;
    const { source } = this.options;
    const [view, screen, ratio] = [this.#view.peek(), this.#screen, this.#ratio];
    const [sheet, regions, overlay] = this.#canvases.map((canvas) => canvas.getContext("2d"));
    if (sheet && this.#dirty.sheet) this.#sheet.paint(sheet, view, screen, ratio);
    if (regions && this.#dirty.regions) {
      const hidden = this.#hidden;
      const labels = this.labels.peek();
      this.#regions.paint(regions, source, this.#index, { view, screen, ratio, hidden, labels });
    }
    if (overlay && this.#dirty.overlay) {
      const tool = this.#tools[this.tool.peek()];
      const selected = new Set(source.selection.peek());
      const quads = source.regions
        .peek()
        .filter(({ id }) => selected.has(id))
        .map(({ id, points }) => tool.draft.outlines.get(id) ?? points);
      const handles = tool === this.#tools.select;
      paintOverlay(overlay, view, ratio, quads, tool.draft, handles ? { corner: this.corner.peek() } : null);
    }
    Object.assign(this.#dirty, { sheet: false, regions: false, overlay: false });
  }
}

function canvasIn(host: HTMLElement): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;pointer-events:none";
  canvas.setAttribute("aria-hidden", "true");
  host.append(canvas);
  return canvas;
}
