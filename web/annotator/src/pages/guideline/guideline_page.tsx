/** The labelling guideline with examples (scripts/guideline_pictures.py draws them). */
import { CATEGORIES } from "../../document/region";
import examples from "./examples/examples.json";
import { say } from "./messages";

const PICTURES = import.meta.glob<string>("./examples/*.png", { eager: true, import: "default", query: "?url" });

type Example = (typeof examples)[number];

const UNREADABLE = "###";

export function GuidelinePage() {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls and holds no link: the keyboard must reach it
    <main class="sheet guideline" tabIndex={0}>
      <h1>{say("heading")}</h1>
      <p class="lead">{say("lead")}</p>
      <div class="rules">
        <section class="card">
          <h2>{say("box.heading")}</h2>
          <ul>
            <li>{say("box.line")}</li>
            <li>{say("box.tight")}</li>
            <li>{say("box.turn")}</li>
            <li>{say("box.none")}</li>
          </ul>
        </section>
        <section class="card">
          <h2>{say("text.heading")}</h2>
          <ul>
            <li>{say("text.exact")}</li>
            <li>{say("text.signs")}</li>
            <li>{say("text.frames")}</li>
            <li>{say("text.unreadable")}</li>
          </ul>
        </section>
      </div>
      <h2>{say("category.heading")}</h2>
      {CATEGORIES.map((category) => (
        <Kind
          key={category}
          title={say(`category.${category}`)}
          what={say(`category.${category}.what`)}
          of={examples.filter((example) => example.category === category && example.text !== UNREADABLE)}
        />
      ))}
      <Kind
        title={say("unreadable")}
        what={say("unreadable.what")}
        of={examples.filter((example) => example.text === UNREADABLE)}
      />
      <section class="card">
        <h2>{say("skip.heading")}</h2>
        <p>{say("skip.what")}</p>
      </section>
    </main>
  );
}

function Kind({ title, what, of }: { title: string; what: string; of: readonly Example[] }) {
  return (
    <section class="card kind">
      <h3>{title}</h3>
      <p>{what}</p>
      <div class="examples">
        {of.map(({ name, text, width, height }) => (
          <figure key={name}>
            <img
              src={PICTURES[`./examples/${name}.png`]}
              width={width}
              height={height}
              alt={say("picture", { text })}
              loading="lazy"
            />
            <figcaption class="small">
              {say("typed", { text: "" })}
              <span class="drawing-text">{text}</span>
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}
