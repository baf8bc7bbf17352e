/** The text of the current box. Nothing that an input method composes is taken before it is finished. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Region } from "../document/region";
import { say } from "./messages";
import { expanded, finished } from "./signs";
import type { Workbench } from "./workbench";

export function TextField({ bench, region }: { bench: Workbench; region: Region }) {
  const field = useRef<HTMLInputElement>(null);
  const composing = useRef(false);
  const wanted = bench.textWanted.value;

  // The field follows the document as it is now, not as it was rendered: a fast typist is ahead of the screen.
  useLayoutEffect(() => {
    const input = field.current;
    const now = bench.task.document.byId.peek().get(region.id);
    if (input === null || composing.current || now === undefined || input.value === bench.shown(now)) return;
    input.value = bench.shown(now);
  });

  useLayoutEffect(() => {
    const input = field.current;
    if (wanted === 0 || input === null) return;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }, [wanted]);

  const take = (finish: boolean) => {
    const input = field.current;
    if (input === null || composing.current) return;
    const typed = expanded({ text: input.value, caret: input.selectionStart ?? input.value.length });
    const text = finish ? finished(typed.text) : typed.text;
    if (text !== input.value) {
      input.value = text;
      input.setSelectionRange(typed.caret, typed.caret);
    }
    bench.caret = input.selectionStart;
    bench.type(region.id, text);
  };

  return (
    <input
      ref={field}
      id="text"
      class="drawing-text"
      type="text"
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      lang="und"
      aria-label={say("text")}
      placeholder={say("text.empty")}
      data-region={region.id}
      onInput={() => take(false)}
      onCompositionStart={() => {
        composing.current = true;
      }}
      onCompositionEnd={() => {
        composing.current = false;
        take(false);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") take(true); // before the command that the key is
      }}
      onSelect={(event) => {
        bench.caret = event.currentTarget.selectionStart;
      }}
      onFocus={(event) => {
        bench.caret = event.currentTarget.selectionStart;
      }}
      onBlur={() => {
        take(true);
        bench.caret = null;
      }}
    />
  );
}
