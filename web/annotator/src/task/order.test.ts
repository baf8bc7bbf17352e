import { describe, expect, test } from "vitest";
import { drawn, type Region } from "../document/region";
import { neighbour, nextOpen, workingOrder } from "./order";

const region = (id: string, accepted = false): Region => ({
  ...drawn(
    [
      [0, 0],
      [9, 0],
      [9, 9],
      [0, 9],
    ],
    "text",
    id,
  ),
  id,
  accepted,
});
const confidence = new Map([
  ["a", 0.9],
  ["b", 0.2],
  ["c", 0.6],
]);
const regions = [region("a"), region("drawn"), region("b"), region("c")];
const order = workingOrder(regions, confidence);

describe("the order of work", () => {
  test("begins with what the machine was least sure of and ends with what people drew", () => {
    expect(order).toEqual(["b", "c", "a", "drawn"]);
  });

  test("goes around the end in both directions", () => {
    expect([
      neighbour(order, "drawn", 1),
      neighbour(order, "b", -1),
      neighbour(order, null, 1),
      neighbour([], null, 1),
    ]).toEqual(["b", "drawn", "b", null]);
  });

  test("goes on to what nobody has accepted, also before the current one", () => {
    const byId = new Map(["a", "b", "c", "drawn"].map((id) => [id, region(id, id === "a" || id === "drawn")]));
    expect(nextOpen(order, byId, "c")).toBe("b");
    expect(nextOpen(order, byId, "b")).toBe("c");
  });

  test("has no next one when everything is accepted", () => {
    expect(nextOpen(order, new Map(order.map((id) => [id, region(id, true)])), "b")).toBeNull();
  });
});
