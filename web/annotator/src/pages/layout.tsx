/** The bar above every page: where one is, who one is, language and theme. */
import type { ComponentChildren } from "preact";
import { chooseLanguage, LANGUAGES, type Language, language } from "../i18n/language";
import type { Session } from "../session/session";
import { CHOICES, type ThemeChoice, themeChoice } from "../theme/theme";
import { say } from "./messages";
import { address, route } from "./route";

export function Layout({ session, children }: { session: Session; children: ComponentChildren }) {
  const who = session.who.value;
  const here = route.value.page;
  return (
    <div class="page">
      <header class="bar">
        <a class="product" href={address({ page: "jobs" })}>
          <Mark />
          {say("product")}
        </a>
        {who !== null && (
          <nav class="places" aria-label={say("product")}>
            <a href={address({ page: "jobs" })} aria-current={here === "jobs" ? "page" : undefined}>
              {say("jobs")}
            </a>
            <a href={address({ page: "guideline" })} aria-current={here === "guideline" ? "page" : undefined}>
              {say("guideline")}
            </a>
          </nav>
        )}
        <div class="settings">
          <Choice
            label={say("language")}
            value={language.value}
            options={Object.entries(LANGUAGES)}
            choose={(value) => chooseLanguage(value as Language)}
          />
          <Choice
            label={say("theme")}
            value={themeChoice.value}
            options={CHOICES.map((choice) => [choice, say(`theme.${choice}`)])}
            choose={(value) => {
              themeChoice.value = value as ThemeChoice;
            }}
          />
          {who !== null && (
            <>
              <span class="who small" title={say("signed_in_as", { name: who.name })}>
                {who.name}
              </span>
              <button type="button" class="quiet" onClick={() => void session.signOut()}>
                {say("sign_out")}
              </button>
            </>
          )}
        </div>
      </header>
      {session.ended.value && (
        <div class="notice warn ended" role="alert">
          <p>{say("session.ended")}</p>
          <button type="button" class="primary" onClick={() => void session.signIn()}>
            {say("sign_in")}
          </button>
        </div>
      )}
      {children}
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  choose: (value: string) => void;
}) {
  return (
    <select
      aria-label={props.label}
      title={props.label}
      value={props.value}
      onChange={(event) => props.choose(event.currentTarget.value)}
    >
      {props.options.map(([value, name]) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** A box around a diameter. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect x="2.5" y="4.5" width="19" height="15" rx="2" fill="none" stroke="currentColor" stroke-width="2" />
      <circle cx="12" cy="12" r="4" fill="none" stroke="currentColor" stroke-width="2" />
      <path d="M7.5 16.5 16.5 7.5" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </svg>
  );
}
