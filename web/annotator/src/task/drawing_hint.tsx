/** While a new box is drawn: which place comes next, and how to set it with a pointer or without one. */
import { keys, shownTogether } from "./keys";
import { say } from "./messages";
import type { Workbench } from "./workbench";

const WAYS = ["nudge", "nudge_far", "leap"] as const;

export function DrawingHint({ bench }: { bench: Workbench }) {
  const drawing = bench.surface.value?.drawing.value ?? null;
  return (
    <p class="drawing-hint small" role="status">
      {drawing !== null && (
        <>
          <strong>{say("drawing.place", { at: drawing.set + 1, of: drawing.needed })}</strong>
          {WAYS.map((way) => (
            <span key={way}>
              <kbd>{shownTogether([`${way}_left`, `${way}_right`, `${way}_up`, `${way}_down`])}</kbd>{" "}
              {say(`drawing.${way}`)}
            </span>
          ))}
          <span>
            <kbd>{keys.value.get("accept")?.[0]}</kbd> {say("drawing.set")}
          </span>
          <span>
            <kbd>{keys.value.get("leave")?.[0]}</kbd> {say("drawing.leave")}
          </span>
        </>
      )}
    </p>
  );
}
