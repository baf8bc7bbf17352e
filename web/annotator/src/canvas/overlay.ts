/** Paints what is selected, its handles, and what is being drawn; a few shapes, so that a drag repaints nothing else. */
import type { Point } from "../geometry/point";
import { outset, type Quad, quadOf } from "../geometry/quad";
import { ACCENT, HALO } from "./appearance";
import { handlesOf } from "./handles";
import type { Draft } from "./tools/tool";
import { quadOnScreen, toScreen, type View } from "./view";

const HANDLE = 8; // screen pixels
const AROUND = 2; // screen pixels between a box and its line, which so hides no ink

/**
 * @param selected Outlines on the sheet, the current one last.
 * @param draft What is being done.
 * @param withHandles Whether the only selected region can be changed now.
 */
export function paintOverlay(
  context: CanvasRenderingContext2D,
  view: View,
  ratio: number,
  selected: readonly Quad[],
  draft: Draft,
  withHandles: boolean,
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
  const [only, ...more] = selected;
  if (!withHandles || only === undefined || more.length > 0) return;
  for (const { handle, place } of handlesOf(quadOnScreen(view, only))) {
    paintHandle(context, place, handle.kind !== "corner");
  }
}

function outline(context: CanvasRenderingContext2D, places: readonly Point[], closed: boolean): void {
  context.beginPath();
  for (const [x, y] of places) context.lineTo(x, y);
  if (closed) context.closePath();
  context.strokeStyle = HALO;
  context.lineWidth = 5;
  context.stroke();
  context.strokeStyle = ACCENT;
  context.lineWidth = 2;
  context.stroke();
}

function paintHandle(context: CanvasRenderingContext2D, [x, y]: Point, round: boolean): void {
  context.beginPath();
  if (round) context.arc(x, y, HANDLE / 2, 0, 2 * Math.PI);
  else context.rect(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE);
  context.fillStyle = "#fff";
  context.fill();
  context.strokeStyle = ACCENT;
  context.lineWidth = 1.5;
  context.stroke();
}
