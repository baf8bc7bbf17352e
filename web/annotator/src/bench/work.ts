/** What the pages are given, and how benchmarks/annotator.py and tests/web talk to them. */
import type { DrawingSurface } from "../canvas/drawing_surface";
import type { MachineRegion } from "../document/region";

export interface Work {
  readonly width: number;
  readonly height: number;
  readonly tile: number;
  readonly levels: number;
  readonly regions: readonly MachineRegion[];
}

/** `window.bench` */
export interface Bench {
  /** Milliseconds from the start of the navigation to the first picture of use; null before. */
  opened: number | null;
  /** Moments of all pictures since `record`, milliseconds. */
  pictures: number[];
  record(): void;
  /** Shows about a tenth of the sheet's width, or all of it. */
  close(): void;
  whole(): void;
  /** Brings a region to where it can be read and puts its text into the field. */
  select(index: number): void;
  /** The middle of the drawing in the window, pixels. */
  middle(): readonly [x: number, y: number];
  /** Null on the plain page. */
  readonly surface: DrawingSurface | null;
}

declare global {
  interface Window {
    bench: Bench;
  }
}

export async function fetchWork(): Promise<Work> {
  return await (await fetch("work.json")).json();
}

export function textField(): HTMLInputElement {
  const field = document.querySelector<HTMLInputElement>("#text");
  if (field === null) throw new Error("the page has no text field: build it again");
  return field;
}

export function drawing(): HTMLElement {
  const host = document.querySelector<HTMLElement>("#drawing");
  if (host === null) throw new Error("the page has no place for the drawing: build it again");
  return host;
}

export function middleOf(host: HTMLElement): readonly [x: number, y: number] {
  const { left, top, width, height } = host.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

/** Notes the moment of every picture in `bench.pictures`. */
export function watchPictures(): void {
  const note = (now: number) => {
    window.bench.pictures.push(now);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}

/** Notes that the picture now being painted is the first of use, once it is on the screen. */
export function noteOpened(): void {
  requestAnimationFrame(() =>
    setTimeout(() => {
      window.bench.opened ??= performance.now();
    }),
  );
}
