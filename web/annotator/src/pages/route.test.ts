import fc from "fast-check";
import { expect, test } from "vitest";
import { address, parsedRoute, type Route } from "./route";

const name = fc.string({ unit: "grapheme", minLength: 1 });
const routes: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>({ page: "jobs" }, { page: "guideline" }),
  name.map((job) => ({ page: "job", job }) as const),
  fc.tuple(name, name).map(([job, task]) => ({ page: "task", job, task }) as const),
);

test("an address leads to where it was made for", () => {
  fc.assert(
    fc.property(routes, (route) => {
      expect(parsedRoute(address(route))).toEqual(route);
    }),
  );
});

test.each(["", "#", "#/", "#/nowhere", "#/tasks/only-a-job", "#/%E0%A4%A", "#access_token=x"])(
  "%s, which is no address of a page, leads to the jobs",
  (hash) => expect(parsedRoute(hash)).toEqual({ page: "jobs" }),
);
