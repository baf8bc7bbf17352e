/**
 * Paints the regions.
 *
 * Canvas 2D, everything that is on the screen anew for each picture. Measured with 5,000 boxes in view, 1920 × 1080,
 * Chromium 156 without a GPU on 2 cores, picture to picture: boxes with level sides as rectangles 11 ms, every box as a path
 * 23 ms, one path for all boxes of a colour 35 ms, WebGL (SwiftShader, which Chromium starts on demand only) 20 ms, one SVG
 * polygon a box 14 ms in panning and 34 ms in zooming. So neither WebGL nor a second thread is worth its code.
 */
import { distance } from "../geometry/point";
import { boundsOf, type Quad } from "../geometry/quad";
import { type RegionStyle, styleOf } from "./appearance";
import type { DrawnRegion, RegionSource } from "./ports";
import type { RegionIndex } from "./region_index";
import { quadOnScreen, type Size, sheetBounds, type View } from "./view";

const LEVEL = 0.25; // device pixels that a side may slant and still be painted as level
const SPECK = 5; // screen pixels; a box less high is painted as one spot
const LABEL_FONT = 12; // screen pixels
const LABEL_HEIGHT = 16;
const LABELLED_FROM = 10; // screen pixels of text height; smaller, the labels would hide the drawing
const LABEL_ROOM = 3 * LABEL_HEIGHT; // screen pixels around the screen from where labels reach into it

export class RegionLayer {
  readonly #labelWidths = new Map<string, number>();

  /**
   * @param context Of a transparent canvas of `screen` times `ratio` pixels.
   * @param hidden Ids of what is painted elsewhere.
   * @param labels Whether texts stand beside their boxes.
   */
  paint(
    context: CanvasRenderingContext2D,
    source: RegionSource,
    index: RegionIndex,
    {
      view,
      screen,
      ratio,
      hidden,
      labels,
    }: {
      view: View;
      screen: Size;
      ratio: number;
      hidden: ReadonlySet<string>;
      labels: boolean;
    },
  ): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    const seen = sheetBounds(view, {
      left: -LABEL_ROOM,
      top: -LABEL_ROOM,
      right: screen.width + LABEL_ROOM,
      bottom: screen.height + LABEL_ROOM,
    });
    const device = { ...view, scale: view.scale * ratio, x: view.x * ratio, y: view.y * ratio };
    const regions = source.regions.peek();
    const byStyle = new Map<RegionStyle, { region: DrawnRegion; quad: Quad }[]>();
    for (const place of index.within(seen)) {
      const region = regions[place];
      if (region === undefined || hidden.has(region.id)) continue;
      const style = styleOf(region, source.confidence.get(region.id));
      const alike = byStyle.get(style);
      const shown = { region, quad: quadOnScreen(device, region.points) };
      if (alike === undefined) byStyle.set(style, [shown]);
      else alike.push(shown);
    }
    for (const [style, shown] of byStyle) paintBoxes(context, style, shown, ratio);
    if (!labels) return;
    for (const [style, shown] of byStyle) this.#paintLabels(context, style, shown, ratio);
  }

  #paintLabels(
    context: CanvasRenderingContext2D,
    style: RegionStyle,
    shown: readonly { region: DrawnRegion; quad: Quad }[],
    ratio: number,
  ): void {
    context.font = `${LABEL_FONT * ratio}px sans-serif`;
    context.textBaseline = "middle";
    for (const { region, quad } of shown) {
      if (distance(quad[0], quad[3]) < LABELLED_FROM * ratio || region.text === "") continue;
      const { left, top } = boundsOf(quad);
      const width = this.#widthOf(context, region.text, ratio) + 6 * ratio;
      context.fillStyle = style.stroke;
      context.fillRect(left, top - LABEL_HEIGHT * ratio, width, LABEL_HEIGHT * ratio);
      context.fillStyle = "#fff";
      context.fillText(region.text, left + 3 * ratio, top - (LABEL_HEIGHT / 2) * ratio);
    }
  }

  #widthOf(context: CanvasRenderingContext2D, text: string, ratio: number): number {
    const key = `${ratio} ${text}`;
    const known = this.#labelWidths.get(key);
    if (known !== undefined) return known;
    if (this.#labelWidths.size > 20_000) this.#labelWidths.clear();
    const { width } = context.measureText(text);
    this.#labelWidths.set(key, width);
    return width;
  }
}

function paintBoxes(
  context: CanvasRenderingContext2D,
  style: RegionStyle,
  shown: readonly { quad: Quad }[],
  ratio: number,
): void {
  const width = Math.max(1, Math.round(style.width * ratio));
  context.strokeStyle = style.stroke;
  context.lineWidth = width;
  context.lineJoin = "round";
  for (const { quad } of shown) {
    if (isLevel(quad)) paintLevel(context, style, quad, width, ratio);
    else paintSlanted(context, style, quad);
  }
}

/** Whether the sides lie along the axes, as far as a screen can show it. */
function isLevel([[ax, ay], [bx, by], [cx, cy], [dx, dy]]: Quad): boolean {
  const upright = Math.abs(ay - by) + Math.abs(bx - cx) + Math.abs(cy - dy) + Math.abs(dx - ax) < 4 * LEVEL;
  const onSide = Math.abs(ax - bx) + Math.abs(by - cy) + Math.abs(cx - dx) + Math.abs(dy - ay) < 4 * LEVEL;
  return upright || onSide;
}

/** The line lies around the box on whole device pixels: it hides no ink, and needs no smoothing. */
function paintLevel(
  context: CanvasRenderingContext2D,
  style: RegionStyle,
  [[ax, ay], , [cx, cy]]: Quad,
  width: number,
  ratio: number,
): void {
  const [left, top] = [Math.floor(Math.min(ax, cx)), Math.floor(Math.min(ay, cy))];
  const [right, bottom] = [Math.ceil(Math.max(ax, cx)), Math.ceil(Math.max(ay, cy))];
  if (Math.min(right - left, bottom - top) < SPECK * ratio) {
    context.fillStyle = style.stroke;
    context.fillRect(left, top, right - left, bottom - top);
    return;
  }
  if (style.fill !== null) {
    context.fillStyle = style.fill;
    context.fillRect(left, top, right - left, bottom - top);
  }
  context.strokeRect(left - width / 2, top - width / 2, right - left + width, bottom - top + width);
  if (!style.crossed) return;
  context.beginPath();
  context.moveTo(left, bottom);
  context.lineTo(right, top);
  context.stroke();
}

function paintSlanted(context: CanvasRenderingContext2D, style: RegionStyle, [a, b, c, d]: Quad): void {
  context.beginPath();
  context.moveTo(a[0], a[1]);
  context.lineTo(b[0], b[1]);
  context.lineTo(c[0], c[1]);
  context.lineTo(d[0], d[1]);
  context.closePath();
  if (style.fill !== null) {
    context.fillStyle = style.fill;
    context.fill();
  }
  if (style.crossed) {
    context.moveTo(d[0], d[1]);
    context.lineTo(b[0], b[1]);
  }
  context.stroke();
}
