/**
 * Paints the regions.
 *
 * Canvas 2D, everything that is on the screen anew for each picture. Measured with 5,000 boxes in view, 1920 × 1080,
 * Chromium 156 without a GPU on 2 cores, picture to picture: boxes with level sides as rectangles 11 ms, every box as a path
 * 23 ms, one path for all boxes of a colour 35 ms, WebGL (SwiftShader, which Chromium starts on demand only) 20 ms, one SVG
 * polygon a box 14 ms in panning and 34 ms in zooming. So neither WebGL nor a second thread is worth its code.
 */
import { boundsOf, type Quad } from "../geometry/quad";
import { type RegionStyle, styleOf } from "./appearance";
import type { DrawnRegion, RegionSource } from "./ports";
import type { RegionIndex } from "./region_index";
import { quadOnScreen, type Size, sheetBounds, type View } from "./view";

const LEVEL = 0.25; // device pixels that a side may slant and still be painted as level
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
      const { left, top, right, bottom } = boundsOf(quad);
      if (Math.min(right - left, bottom - top) < LABELLED_FROM * ratio || region.text === "") continue;
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
  context.strokeStyle = style.stroke;
  context.lineWidth = style.width * ratio;
  context.lineJoin = "round";
  if (style.fill !== null) context.fillStyle = style.fill;
  for (const { quad } of shown) {
    const [[ax, ay], [bx, by], [cx, cy], [dx, dy]] = quad;
    const upright = Math.abs(ay - by) + Math.abs(bx - cx) + Math.abs(cy - dy) + Math.abs(dx - ax) < 4 * LEVEL;
    const onSide = Math.abs(ax - bx) + Math.abs(by - cy) + Math.abs(cx - dx) + Math.abs(dy - ay) < 4 * LEVEL;
    if (upright || onSide) {
      // The four-corner outline of such a box is a rectangle, which is painted many times faster than a path.
      const [left, top] = [Math.round(Math.min(ax, cx)) + 0.5, Math.round(Math.min(ay, cy)) + 0.5];
      const [width, height] = [Math.round(Math.abs(cx - ax)), Math.round(Math.abs(cy - ay))];
      if (style.fill !== null) context.fillRect(left, top, width, height);
      context.strokeRect(left, top, width, height);
      if (!style.crossed) continue;
      context.beginPath();
    } else {
      context.beginPath();
      context.moveTo(ax, ay);
      context.lineTo(bx, by);
      context.lineTo(cx, cy);
      context.lineTo(dx, dy);
      context.closePath();
      if (style.fill !== null) context.fill();
    }
    if (style.crossed) {
      context.moveTo(dx, dy);
      context.lineTo(bx, by);
    }
    context.stroke();
  }
}
