/** Paints what is selected, its handles, and what is being drawn; a few shapes, so that a drag repaints nothing else. */
import type { Point } from "../geometry/point";
import { outset, type Quad, quadOf } from "../geometry/quad";
import { ACCENT, HALO } from "./appearance";
import { handlesOf } from "./handles";
import type { Draft } from "./tools/tool";
import { quadOnScreen, toScreen, type View } from "./view";

const HANDLE = 8; // screen pixels
const CHOSEN = 14; // screen pixels: the handle of the corner that the arrow keys move
const OPEN = 5; // screen pixels around the middle of the cross-hair
const AROUND = 2; // screen pixels between a box and its line, which so hides no ink

/**
 * @param selected Outlines on the sheet, the current one last.
 * @param draft What is being done.
 * @param handles Of the only selected region, and which corner the arrow keys move; null where it cannot be changed now.
 */
export function paintOverlay(
  context: CanvasRenderingContext2D,
  view: View,
  ratio: number,
  selected: readonly Quad[],
  draft: Draft,
  handles: { readonly corner: number | null } | null,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineJoin = "round";
  const shapes = draft.shape === null ? selected : [...selected, draft.shape];
  for (const quad of shapes) outline(context, outset(quadOnScreen(view, quad), AROUND), true);
  if (draft.line !== null) {
    outline(
      context,
      draft.line.map((place) => toScreen(view, place)),
      false,
    );
  }
  if (draft.band !== null) {
    context.fillStyle = "rgb(11 87 208 / 0.12)";
    outline(context, quadOnScreen(view, quadOf(draft.band)), true);
    context.fill();
  }
  if (draft.cross !== null) crosshair(context, toScreen(view, draft.cross), ratio);
  const [only, ...more] = selected;
  if (handles === null || only === undefined || more.length > 0) return;
  for (const { handle, place } of handlesOf(quadOnScreen(view, only))) {
    const chosen = handle.kind === "corner" && handle.index === handles.corner;
    paintHandle(context, place, handle.kind !== "corner", chosen);
  }
}

/** Lines over the whole screen, and open where they cross: there stands the ink that is meant. */
function crosshair(context: CanvasRenderingContext2D, [x, y]: Point, ratio: number): void {
  const [width, height] = [context.canvas.width / ratio, context.canvas.height / ratio];
  const arm = (from: Point, to: Point) => outline(context, [from, to], false, 1);
  arm([0, y], [x - OPEN, y]);
  arm([x + OPEN, y], [width, y]);
  arm([x, 0], [x, y - OPEN]);
  arm([x, y + OPEN], [x, height]);
}

function outline(context: CanvasRenderingContext2D, places: readonly Point[], closed: boolean, width = 2): void {
  context.beginPath();
  for (const [x, y] of places) context.lineTo(x, y);
  if (closed) context.closePath();
  context.strokeStyle = HALO;
  context.lineWidth = width + 3;
  context.stroke();
  context.strokeStyle = ACCENT;
  context.lineWidth = width;
  context.stroke();
}

function paintHandle(context: CanvasRenderingContext2D, [x, y]: Point, round: boolean, chosen: boolean): void {
  const size = chosen ? CHOSEN : HANDLE;
  context.beginPath();
  if (round) context.arc(x, y, size / 2, 0, 2 * Math.PI);
  else context.rect(x - size / 2, y - size / 2, size, size);
  context.fillStyle = chosen ? ACCENT : "#fff";
  context.fill();
  context.strokeStyle = ACCENT;
  context.lineWidth = 1.5;
  context.stroke();
}
