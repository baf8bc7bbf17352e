import { expect, test } from "vitest";
import { quadOf } from "../geometry/quad";
import { inScene, sceneAround } from "./scene";

test("a scene is upright as the text reads, and holds every version's box", () => {
  const upwards = [
    [100, 300],
    [100, 200],
    [120, 200],
    [120, 300],
  ] as const;
  const longer = [
    [98, 320],
    [98, 200],
    [121, 200],
    [121, 320],
  ] as const;
  const scene = sceneAround([upwards, longer]);
  expect(scene.width).toBeGreaterThan(scene.height);
  const places = [...upwards, ...longer].map((corner) => inScene(scene, corner));
  for (const [x, y] of places) {
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(scene.width);
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(scene.height);
  }
  const [topLeft, topRight] = places;
  expect((topRight?.[0] ?? 0) - (topLeft?.[0] ?? 0)).toBeCloseTo(100);
  expect(topRight?.[1]).toBeCloseTo(topLeft?.[1] ?? Number.NaN);
});

test("corners of the scene are at its corners", () => {
  const scene = sceneAround([quadOf({ left: 10, top: 20, right: 110, bottom: 40 })]);
  expect(inScene(scene, scene.outline[0])).toEqual([0, 0]);
  const [x, y] = inScene(scene, scene.outline[2]);
  expect(x).toBeCloseTo(scene.width);
  expect(y).toBeCloseTo(scene.height);
});
