/** All boxes as a list: to find one by its text, and for who does not see the drawing. Only what is in view is made. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { UNSURE_BELOW } from "../canvas/appearance";
import type { Region } from "../document/region";
import { Origin } from "./current_region";
import { say } from "./messages";
import type { Workbench } from "./workbench";

const KINDS = ["all", "open", "unsure", "person"] as const;
type Kind = (typeof KINDS)[number];

const ROW = 34; // pixels; the style sheet has the same
const SPARE = 6; // rows beyond each edge

export function RegionList({ bench }: { bench: Workbench }) {
  const kind: Signal<Kind> = useSignal("all");
  const wanted = useSignal("");
  const top = useSignal(0);
  const list = useRef<HTMLDivElement>(null);
  const { document } = bench.task;
  const current = document.current.value?.id ?? null;
  const regions = bench.order.value.flatMap((id) => document.byId.value.get(id) ?? []);
  const needle = wanted.value.trim().toLocaleLowerCase();
  const found = regions.filter(
    (region) =>
      isOf(kind.value, region, document.confidence.get(region.id)) && region.text.toLocaleLowerCase().includes(needle),
  );
  const at = found.findIndex(({ id }) => id === current);
  const height = list.current?.clientHeight ?? 400;
  const first = Math.max(0, Math.floor(top.value / ROW) - SPARE);
  const last = Math.min(found.length, Math.ceil((top.value + height) / ROW) + SPARE);

  useEffect(() => {
    const box = list.current;
    if (box === null || at < 0) return;
    if (at * ROW < box.scrollTop || (at + 1) * ROW > box.scrollTop + box.clientHeight) {
      box.scrollTop = at * ROW - box.clientHeight / 2;
    }
  }, [at]);

  return (
    <section class="list" aria-label={say("boxes")} data-area="list">
      <div class="filters">
        <input
          type="search"
          aria-label={say("filter")}
          placeholder={say("filter")}
          value={wanted.value}
          onInput={(event) => {
            wanted.value = event.currentTarget.value;
          }}
        />
        {KINDS.map((each) => (
          <button
            key={each}
            type="button"
            class="small"
            aria-pressed={kind.value === each}
            onClick={() => {
              kind.value = each;
            }}
          >
            {say(`filter.${each}`)}
          </button>
        ))}
      </div>
      <div
        ref={list}
        class="rows"
        role="listbox"
        tabIndex={0}
        aria-label={say("boxes")}
        aria-activedescendant={at >= first && at < last ? `row-${current}` : undefined}
        onScroll={(event) => {
          top.value = event.currentTarget.scrollTop;
        }}
        onKeyDown={(event) => {
          const steps = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          const next = found[Math.min(found.length - 1, Math.max(0, at + steps))];
          if (steps === 0 || next === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          bench.go(next.id);
        }}
      >
        <div style={{ height: `${found.length * ROW}px` }}>
          {found.slice(first, last).map((region, index) => (
            <div
              key={region.id}
              id={`row-${region.id}`}
              class="row"
              role="option"
              tabIndex={-1}
              aria-selected={region.id === current}
              aria-posinset={first + index + 1}
              aria-setsize={found.length}
              style={{ top: `${(first + index) * ROW}px` }}
              onClick={() => {
                bench.go(region.id);
                bench.wantText();
              }}
              onKeyDown={(event) => {
                if (event.key === "Enter") bench.go(region.id);
              }}
            >
              <span class="drawing-text">{bench.shown(region) || "…"}</span>
              <span class="small">
                <Origin region={region} confidence={document.confidence.get(region.id)} />
              </span>
            </div>
          ))}
        </div>
        {found.length === 0 && <p class="muted small">{say("list.none")}</p>}
      </div>
    </section>
  );
}

function isOf(kind: Kind, region: Region, confidence: number | undefined): boolean {
  if (kind === "open") return !region.accepted;
  if (kind === "person") return region.source === "person";
  return kind === "all" || (confidence !== undefined && confidence < UNSURE_BELOW && !region.accepted);
}
