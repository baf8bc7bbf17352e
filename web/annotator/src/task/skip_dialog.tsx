/** Why a drawing cannot be labelled: an answer like any other. Or it is given back for somebody else. */
import { useSignal } from "@preact/signals";
import { DialogWindow } from "./dialog";
import { say } from "./messages";

const USUAL = ["not_a_drawing", "unreadable", "cut_off"] as const;
const LONGEST = 1000; // characters that the contract allows

export interface SkipDialogProps {
  readonly close: () => void;
  readonly skip: (reason: string) => void;
  readonly giveBack: () => void;
}

export function SkipDialog({ close, skip, giveBack }: SkipDialogProps) {
  const reason = useSignal("");
  return (
    <DialogWindow title={say("skip.title")} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.value.trim() !== "") skip(reason.value.trim());
        }}
      >
        <p>{say("skip.text")}</p>
        <div class="actions start">
          {USUAL.map((usual) => (
            <button
              key={usual}
              type="button"
              onClick={() => {
                reason.value = say(`skip.${usual}`);
              }}
            >
              {say(`skip.${usual}`)}
            </button>
          ))}
        </div>
        <label class="field">
          {say("skip.reason")}
          <input
            type="text"
            autofocus
            required
            maxLength={LONGEST}
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
        </label>
        <div class="actions">
          <button type="button" class="quiet" onClick={giveBack}>
            {say("skip.give_back")}
          </button>
          <button type="button" onClick={close}>
            {say("cancel")}
          </button>
          <button type="submit" class="primary" disabled={reason.value.trim() === ""}>
            {say("skip.do")}
          </button>
        </div>
      </form>
    </DialogWindow>
  );
}
