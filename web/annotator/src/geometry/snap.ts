/**
 * A box drawn by a quick hand, fitted to the ink of its text.
 *
 * The box and a margin around it are rectified; ink is what Otsu's threshold says; lines that run into the box from
 * outside (dimension lines, cells of a table) are taken away; of the rest every blob counts that has a third
 * of its ink in the box. So strokes that the hand cut off come back, and the neighbour's letters stay outside.
 */
import { Perspective } from "./perspective";
import type { Point } from "./point";
import { type Bounds, boundsOf, heightOf, type Quad, widthOf } from "./quad";
import { type Pixels, rectified } from "./rectify";

const MARGIN = 0.5; // of the box's height, on every side: how far the box may grow
const LONGEST_SIDE = 1024; // pixels of the rectified patch
const LEAST_CONTRAST = 32; // of 255 between paper and ink; less is an empty place
const LEAST_INK = 3; // pixels of a blob; less is a speck
const LEAST_SHARE = 1 / 3; // of a blob's ink inside the box
const PADDING = 1; // pixels of paper that stay around the ink

/**
 * The quad with its sides on the ink inside it, or null where there is none.
 *
 * @param source The picture, with at least half the quad's height around it where the sheet has it.
 * @param quad In pixels of `source`.
 */
export function snappedToInk(source: Pixels, quad: Quad): Quad | null {
  const [width, height] = [widthOf(quad), heightOf(quad)];
  const margin = MARGIN * height;
  const scale = Math.min(1, LONGEST_SIDE / (Math.max(width, height) + 2 * margin));
  const [u, v] = [margin / width, MARGIN];
  const plane = Perspective.of(quad);
  const around = plane.quad(-u, -v, 1 + u, 1 + v);
  const patch = rectified(
    source,
    around,
    Math.max(1, Math.round((width + 2 * margin) * scale)),
    Math.max(1, Math.round((height + 2 * margin) * scale)),
  );
  const border = Math.round(margin * scale);
  const box = { left: border, top: border, right: patch.width - border, bottom: patch.height - border };
  const ink = inkBounds(patch, box);
  if (ink === null) return null;
  const [across, down] = [(1 + 2 * u) / patch.width, (1 + 2 * v) / patch.height];
  return plane.quad(
    (ink.left - PADDING) * across - u,
    (ink.top - PADDING) * down - v,
    (ink.right + PADDING) * across - u,
    (ink.bottom + PADDING) * down - v,
  );
}

/** Where the ink that belongs to `box` begins and ends, in pixels of the patch; null without ink. */
function inkBounds(patch: Pixels, box: Bounds): Bounds | null {
  const mask = inkMask(patch);
  if (mask === null) return null;
  eraseLinesFromOutside(mask, patch.width, patch.height, Math.max(box.left, box.top, 1));
  const kept = [...blobs(mask, patch.width, patch.height, box)].filter(
    ({ ink, inside }) => ink >= LEAST_INK && inside >= ink * LEAST_SHARE,
  );
  if (kept.length === 0) return null;
  return boundsOf(
    kept.flatMap(({ left, top, right, bottom }): Point[] => [
      [left, top],
      [right, bottom],
    ]),
  );
}

/** 1 where there is ink, or null where the patch is of one tone. */
export function inkMask({ data, width, height }: Pixels): Uint8Array | null {
  const grey = new Uint8Array(width * height);
  const histogram = new Uint32Array(256);
  for (let i = 0; i < grey.length; i++) {
    const value =
      ((data[4 * i] as number) * 77 + (data[4 * i + 1] as number) * 150 + (data[4 * i + 2] as number) * 29) >> 8;
    grey[i] = value;
    histogram[value] = (histogram[value] as number) + 1;
  }
  const threshold = otsu(histogram, grey.length);
  if (threshold === null) return null;
  return grey.map((value) => (value <= threshold ? 1 : 0));
}

/** N. Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979. Null where both sides are nearly alike. */
function otsu(histogram: Uint32Array, total: number): number | null {
  let sum = 0;
  histogram.forEach((count, value) => {
    sum += count * value;
  });
  let [best, threshold, contrast] = [0, 0, 0];
  let [below, sumBelow] = [0, 0];
  histogram.forEach((count, value) => {
    below += count;
    sumBelow += count * value;
    if (below === 0 || below === total) return;
    const difference = (sum - sumBelow) / (total - below) - sumBelow / below;
    const between = below * (total - below) * difference * difference;
    if (between > best) [best, threshold, contrast] = [between, value, difference];
  });
  return contrast >= LEAST_CONTRAST ? threshold : null;
}

/** Takes away straight runs of ink that come in over the patch's edge and are longer than `length` pixels. */
function eraseLinesFromOutside(mask: Uint8Array, width: number, height: number, length: number): void {
  const lines: number[] = [];
  const follow = (start: number, step: number, most: number) => {
    let run = 0;
    while (run < most && mask[start + run * step] === 1) run++;
    if (run > length) for (let i = 0; i < run; i++) lines.push(start + i * step);
  };
  for (let row = 0; row < height; row++) {
    follow(row * width, 1, width);
    follow(row * width + width - 1, -1, width);
  }
  for (let column = 0; column < width; column++) {
    follow(column, width, height);
    follow((height - 1) * width + column, -width, height);
  }
  for (const at of lines) mask[at] = 0;
}

interface Blob extends Bounds {
  ink: number;
  inside: number;
}

/** The 8-connected blobs of a mask, which is used up by it. */
function* blobs(mask: Uint8Array, width: number, height: number, box: Bounds): Generator<Blob> {
  const stack: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0) continue;
    let [left, top, right, bottom, ink, inside] = [width, height, 0, 0, 0, 0];
    mask[start] = 0;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [column, row] = [at % width, Math.floor(at / width)];
      left = Math.min(left, column);
      top = Math.min(top, row);
      right = Math.max(right, column + 1);
      bottom = Math.max(bottom, row + 1);
      ink++;
      if (column >= box.left && column < box.right && row >= box.top && row < box.bottom) inside++;
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const next = y * width + x;
          if (mask[next] === 0) continue;
          mask[next] = 0;
          stack.push(next);
        }
      }
    }
    yield { left, top, right, bottom, ink, inside };
  }
}
