/** How much of a picture is ink. */

const DARK = 0.65; // of the paper's brightness; a pencil line on grey paper is darker
const PAPER = 0.95; // so many pixels are at most as bright as the paper

/** The share of dark pixels, 0 to 1. An empty picture holds none. */
export function inkShare({ data }: Pick<ImageData, "data">): number {
  const histogram = new Uint32Array(256);
  const count = data.length / 4;
  for (let at = 0; at < data.length; at += 4) {
    // Luma of ITU-R BT.601, in 256ths
    const luma = ((data[at] ?? 0) * 77 + (data[at + 1] ?? 0) * 150 + (data[at + 2] ?? 0) * 29) >> 8;
    histogram[luma] = (histogram[luma] ?? 0) + 1;
  }
  if (count === 0) return 0;
  let paper = 0;
  for (let seen = histogram[0] ?? 0; seen < PAPER * count; seen += histogram[paper] ?? 0) paper++;
  let dark = 0;
  for (let luma = 0; luma < DARK * paper; luma++) dark += histogram[luma] ?? 0;
  return dark / count;
}
