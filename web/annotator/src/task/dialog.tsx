/** A window in front of the screen: the browser's own dialog, which keeps the focus inside and Escape working. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

export interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly close: () => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

export function DialogWindow({ title, children, close, onKeyDown }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before the picture: keys that follow at once are for this window.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="window" aria-labelledby={heading} onClose={close} onKeyDown={onKeyDown}>
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}
