import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Point } from "../geometry/point";
import { quadOf, rotated } from "../geometry/quad";
import { fitted, screenBounds, toScreen, toSheet, turned, uprightQuarters, type View, within, zoomed } from "./view";

const sheet = { width: 16_800, height: 11_900 };
const screen = { width: 1920, height: 1080 };
const whole = { left: 0, top: 0, right: sheet.width, bottom: sheet.height };

const anyView: fc.Arbitrary<View> = fc.record({
  scale: fc.double({ min: 0.01, max: 16, noNaN: true }),
  quarters: fc.integer({ min: 0, max: 3 }),
  x: fc.integer({ min: -20_000, max: 20_000 }),
  y: fc.integer({ min: -20_000, max: 20_000 }),
});
const anyPlace: fc.Arbitrary<Point> = fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2000 }));

function expectSame(a: Point, b: Point): void {
  expect(a[0]).toBeCloseTo(b[0], 3);
  expect(a[1]).toBeCloseTo(b[1], 3);
}

describe("a view", () => {
  test("shows each place of the sheet at one place of the screen, and back", () => {
    fc.assert(fc.property(anyView, anyPlace, (view, place) => expectSame(toScreen(view, toSheet(view, place)), place)));
  });

  test("keeps what lies below the pointer there while it zooms and turns", () => {
    fc.assert(
      fc.property(anyView, anyPlace, fc.double({ min: 0.5, max: 2, noNaN: true }), (view, place, factor) => {
        const below = toSheet(view, place);
        expectSame(toScreen(zoomed(view, place, factor), below), place);
        expectSame(toScreen(turned(view, place, 1), below), place);
      }),
    );
  });

  test("comes back after four quarter turns", () => {
    fc.assert(
      fc.property(anyView, anyPlace, (view, place) => {
        const round = [1, 1, 1, 1].reduce((turning, quarters) => turned(turning, place, quarters), view);
        expect(round.quarters).toBe(view.quarters);
        expectSame([round.x, round.y], [view.x, view.y]);
      }),
    );
  });

  test("that fits shows the whole sheet, however it is turned", () => {
    for (const quarters of [0, 1, 2, 3]) {
      const { left, top, right, bottom } = screenBounds(fitted(sheet, screen, quarters), whole);
      expect(left).toBeGreaterThan(0);
      expect(top).toBeGreaterThan(0);
      expect(right).toBeLessThan(screen.width);
      expect(bottom).toBeLessThan(screen.height);
    }
  });

  test("never loses the sheet, and gets neither too large nor too small", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const kept = within(view, sheet, screen);
        const { left, top, right, bottom } = screenBounds(kept, whole);
        expect(right).toBeGreaterThan(60);
        expect(bottom).toBeGreaterThan(60);
        expect(left).toBeLessThan(screen.width - 60);
        expect(top).toBeLessThan(screen.height - 60);
        expect(kept.scale).toBeLessThanOrEqual(16);
        const again = within(kept, sheet, screen);
        expectSame([again.x, again.y], [kept.x, kept.y]);
      }),
    );
  });
});

test("a text reads upright after the turn that its direction asks for", () => {
  const level = quadOf({ left: 0, top: 0, right: 100, bottom: 20 });
  expect(uprightQuarters(level)).toBe(0);
  expect(uprightQuarters(rotated(level, 0.3))).toBe(0);
  expect(uprightQuarters(rotated(level, -Math.PI / 2))).toBe(1);
  expect(uprightQuarters(rotated(level, Math.PI))).toBe(2);
  expect(uprightQuarters(rotated(level, Math.PI / 2))).toBe(3);
});
