/** Pixels through a quad: the text as if it had been drawn upright, straight and alone. */
import { Perspective } from "./perspective";
import type { Quad } from "./quad";

/** RGBA, 8 bits each, row by row; an ImageData is one. */
export interface Pixels {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/**
 * Bilinear.
 *
 * @param source The picture.
 * @param quad In pixels of `source`; what lies outside of it continues the picture's edge.
 * @param width Of the result, pixels.
 * @param height Of the result, pixels.
 */
export function rectified(source: Pixels, quad: Quad, width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const plane = Perspective.of(quad);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = plane.at((column + 0.5) / width, (row + 0.5) / height);
      sample(source, x - 0.5, y - 0.5, data, (row * width + column) * 4);
    }
  }
  return { data, width, height };
}

function sample({ data, width, height }: Pixels, x: number, y: number, into: Uint8ClampedArray, at: number): void {
  const [inX, inY] = [Math.min(Math.max(x, 0), width - 1), Math.min(Math.max(y, 0), height - 1)];
  const [left, top] = [Math.floor(inX), Math.floor(inY)];
  const [shareX, shareY] = [inX - left, inY - top];
  const first = (top * width + left) * 4;
  const right = left + 1 < width ? 4 : 0;
  const below = top + 1 < height ? width * 4 : 0;
  for (let i = first; i < first + 3; i++) {
    const upper = (data[i] as number) * (1 - shareX) + (data[i + right] as number) * shareX;
    const lower = (data[i + below] as number) * (1 - shareX) + (data[i + below + right] as number) * shareX;
    into[at + i - first] = upper * (1 - shareY) + lower * shareY;
  }
}
