import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBox } from "./boxes.arbitrary";
import { add, distance, type Point, subtract } from "./point";
import { angleOf, centreOf, faultOf, heightOf, type Quad, quadOf, rotated, widthOf } from "./quad";
import { angleBetween, cornerDragged, cornerMoved, sideDragged } from "./reshape";

const corner = fc.integer({ min: 0, max: 3 });
const anywhere = fc.tuple(fc.integer({ min: -500, max: 6000 }), fc.integer({ min: -500, max: 6000 }));

describe("dragging a corner", () => {
  test("keeps the opposite corner and the angle, and never turns the box inside out", () => {
    fc.assert(
      fc.property(anyBox, corner, anywhere, (quad, index, place) => {
        const dragged = cornerDragged(quad, index, place);
        expect(distance(dragged[(index + 2) % 4] as Point, quad[(index + 2) % 4] as Point)).toBe(0);
        expect(faultOf(dragged)).toBeNull();
        expect(Math.cos(angleOf(dragged) - angleOf(quad))).toBeCloseTo(1, 5);
      }),
    );
  });

  test("brings the corner to the hand where the box stays right side out", () => {
    const quad = rotated(quadOf({ left: 0, top: 0, right: 100, bottom: 20 }), 0.4);
    const place = add(quad[2], subtract(quad[2], centreOf(quad)));
    expect(distance(cornerDragged(quad, 2, place)[2], place)).toBeLessThan(1e-9);
  });

  test("alone moves nothing else", () => {
    const quad = quadOf({ left: 0, top: 0, right: 100, bottom: 20 });
    expect(cornerMoved(quad, 1, [110, -5])).toEqual([
      [0, 0],
      [110, -5],
      [100, 20],
      [0, 20],
    ]);
  });
});

describe("dragging a side", () => {
  test("changes one measure of a box by as much as the hand moves across the side", () => {
    const quad = quadOf({ left: 0, top: 0, right: 100, bottom: 20 });
    expect(sideDragged(quad, 0, [50, -10])).toEqual(quadOf({ left: 0, top: -10, right: 100, bottom: 20 }));
    expect(sideDragged(quad, 1, [130, 3])).toEqual(quadOf({ left: 0, top: 0, right: 130, bottom: 20 }));
  });

  test("keeps the other measure and stops before the side that stays", () => {
    fc.assert(
      fc.property(anyBox, corner, anywhere, (quad, index, place) => {
        const dragged = sideDragged(quad, index, place);
        const other = (of: Quad) => (index % 2 === 0 ? widthOf(of) : heightOf(of));
        expect(other(dragged)).toBeCloseTo(other(quad), 3);
        expect(faultOf(dragged)).toBeNull();
      }),
    );
  });
});

test("turning by the hand turns by the angle that the hand has gone about the centre", () => {
  const quad = quadOf({ left: -10, top: -10, right: 10, bottom: 10 });
  expect(angleBetween(quad, [0, -30], [30, 0])).toBeCloseTo(Math.PI / 2);
  expect(angleBetween(quad, [0, 0], [30, 0])).toBe(0);
});
