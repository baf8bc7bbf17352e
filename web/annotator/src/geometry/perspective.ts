/**
 * The plane seen through a quad: (0, 0) is its text's top left, (1, 1) the bottom right.
 *
 * Source: P. Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3.
 */
import type { Point } from "./point";
import type { Quad } from "./quad";

export class Perspective {
  private constructor(private readonly m: readonly number[]) {}

  static of(quad: Quad): Perspective {
    const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = quad;
    const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
    const [dx1, dx2, dy1, dy2] = [x1 - x2, x3 - x2, y1 - y2, y3 - y2];
    const determinant = dx1 * dy2 - dx2 * dy1;
    const affine = (sx === 0 && sy === 0) || determinant === 0;
    const g = affine ? 0 : (sx * dy2 - dx2 * sy) / determinant;
    const h = affine ? 0 : (dx1 * sy - sx * dy1) / determinant;
    return new Perspective([x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h]);
  }

  /** The place on the sheet for `u` along the text and `v` down through it. */
  at(u: number, v: number): Point {
    const [a, b, c, d, e, f, g, h] = this.m as [number, number, number, number, number, number, number, number];
    const w = g * u + h * v + 1;
    return [(a * u + b * v + c) / w, (d * u + e * v + f) / w];
  }

  /** The quad over a rectangle of this plane. */
  quad(left: number, top: number, right: number, bottom: number): Quad {
    return [this.at(left, top), this.at(right, top), this.at(right, bottom), this.at(left, bottom)];
  }
}
