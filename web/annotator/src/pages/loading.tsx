/** What a page shows while its content comes, and when it does not come. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { say } from "./messages";

export type Loaded<T> =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly error: Error }
  | { readonly state: "ready"; readonly value: T };

/**
 * Load something, and again when the key changes or `again` is called; what was there stays until the new is there.
 *
 * @param every Milliseconds after which it is loaded again while the tab is looked at; 0: never.
 */
export function useLoaded<T>(key: string, load: () => Promise<T>, every = 0): [Loaded<T>, again: () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: "loading" });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let wanted = true;
    const settle = (next: Loaded<T>) => {
      if (wanted) setLoaded(next);
    };
    load().then(
      (value) => settle({ state: "ready", value }),
      (error: unknown) => settle({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) }),
    );
    return () => {
      wanted = false;
    };
  }, [key, turn]);
  const again = () => setTurn((last) => last + 1);
  useEffect(() => {
    if (every === 0) return;
    const timer = setInterval(() => {
      if (!document.hidden) setTurn((last) => last + 1);
    }, every);
    return () => clearInterval(timer);
  }, [every]);
  return [loaded, again];
}

/** The content, or why it is not there. */
export function Content<T>(props: { loaded: Loaded<T>; again: () => void; children: (value: T) => ComponentChildren }) {
  const { loaded, again, children } = props;
  if (loaded.state === "loading") return <p class="muted">{say("loading")}</p>;
  if (loaded.state === "ready") return <>{children(loaded.value)}</>;
  return <Failure error={loaded.error} again={again} />;
}

export function Failure({ error, again }: { error: Error; again: () => void }) {
  return (
    <div class="notice bad failure" role="alert">
      <p>{error.message}</p>
      <button type="button" onClick={again}>
        {say("again")}
      </button>
    </div>
  );
}
