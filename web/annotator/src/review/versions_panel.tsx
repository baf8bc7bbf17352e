/** A review: what each person said at a place, side by side over the same picture, to be taken by one key. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { AnnotationDocument } from "../document/document";
import type { Region } from "../document/region";
import type { Task } from "../document/task";
import type { Quad } from "../geometry/quad";
import { type Difference, placeOf } from "./differences";
import { compared } from "./letters";
import { say } from "./messages";
import { Review } from "./review";
import { inScene, type Scene, sceneAround } from "./scene";
import "./review.css";

/** What the panel asks of the drawing; `DrawingSurface` has it. */
export interface ReviewedDrawing {
  show(quad: Quad): void;
  crop(quad: Quad, height: number, margin: number): Promise<ImageData>;
}

export interface VersionsPanelProps {
  readonly task: Task;
  readonly document: AnnotationDocument;
  readonly drawing: ReviewedDrawing;
}

const NOBODY = "X"; // the key of: nothing stands here
const NAMES = "ABCDEFGHI"; // Ground Truth takes nine people an object, the self-hosted backend as many

export function VersionsPanel({ task, document, drawing }: VersionsPanelProps) {
  const review = useMemo(() => new Review(task, document, (place) => drawing.show(place)), [task, document, drawing]);
  // What can be seen can be decided: the keys work before the page is painted.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => obey(review, event);
    window.addEventListener("keydown", listen, { capture: true });
    const stop = review.begin();
    return () => {
      window.removeEventListener("keydown", listen, { capture: true });
      stop();
    };
  }, [review]);
  const here = review.current.value;
  const index = review.index.value;
  const settled = review.settled.value;
  const n = review.differences.length;

  return (
    <section class="versions" aria-label={say("heading")}>
      <header>
        <h2>{say("heading")}</h2>
        <p class="small" role="status">
          {n === 0 ? say("none") : say("summary", { settled: settled.size, n })}
        </p>
        {here !== null && (
          <div class="steps">
            <span class="small muted">
              {index + 1} / {n}
            </span>
            <button
              type="button"
              aria-label={say("previous")}
              title={say("previous")}
              onClick={() => review.go(index - 1)}
            >
              ↑
            </button>
            <button type="button" aria-label={say("next")} title={say("next")} onClick={() => review.go(index + 1)}>
              ↓
            </button>
            <button type="button" onClick={() => review.decide(null)}>
              {say("leave_out")} <kbd>Alt {NOBODY}</kbd>
            </button>
          </div>
        )}
      </header>
      {here !== null && (
        <Place
          difference={here}
          result={document.byId.value.get(here.id) ?? null}
          settled={settled.has(here.id)}
          drawing={drawing}
          decide={(version) => review.decide(version)}
        />
      )}
      <Skipped task={task} />
      <p class="small muted">{say("help")}</p>
    </section>
  );
}

/** The keys of a review; the screen around it obeys no key that somebody else has obeyed. */
function obey(review: Review, event: KeyboardEvent): void {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const letter = letterOf(event);
  const versions = review.current.peek()?.said.length ?? 0;
  const version = NAMES.slice(0, versions).indexOf(letter || " ");
  if (version >= 0) review.decide(version);
  else if (letter === NOBODY) review.decide(null);
  else if (event.key === "ArrowDown") review.go(review.index.peek() + 1);
  else if (event.key === "ArrowUp") review.go(review.index.peek() - 1);
  else return;
  event.preventDefault();
}

/** The letter on the key; with Alt some systems write another sign. */
function letterOf({ key, code }: KeyboardEvent): string {
  return /^[a-z]$/i.test(key) ? key.toUpperCase() : (/^Key([A-Z])$/.exec(code)?.[1] ?? "");
}

function Place(props: {
  difference: Difference;
  result: Region | null;
  settled: boolean;
  drawing: ReviewedDrawing;
  decide: (version: number) => void;
}) {
  const { difference, result, settled, drawing, decide } = props;
  const scene = useMemo(() => {
    const [first, ...others] = difference.said.flatMap((region) => (region === null ? [] : [region.points]));
    return sceneAround([
      difference.consensus?.points ?? first ?? placeOf(difference),
      ...(first ? [first] : []),
      ...others,
    ]);
  }, [difference]);
  const picture = usePicture(drawing, scene);
  return (
    <ul class="side-by-side">
      <li class={`version result${settled ? " settled" : ""}`}>
        <div class="version-head">
          <h3>{say("result")}</h3>
          {settled && <span class="small decided">✓ {say("decided")}</span>}
        </div>
        <Said region={result} against={null} scene={scene} picture={picture} />
        <p class="small about">{[...difference.about].map((about) => say(`about.${about}`)).join(" · ")}</p>
      </li>
      {difference.said.map((region, index) => (
        <li key={NAMES[index]} class="version">
          <div class="version-head">
            <h3>{say("version", { name: NAMES[index] ?? "" })}</h3>
            <button type="button" onClick={() => decide(index)}>
              {say("take")} <kbd>Alt {NAMES[index]}</kbd>
            </button>
          </div>
          <Said region={region} against={result} scene={scene} picture={picture} />
        </li>
      ))}
    </ul>
  );
}

/** The picture with one version's box, its text with the letters marked that differ, its category. */
function Said(props: { region: Region | null; against: Region | null; scene: Scene; picture: ImageData | null }) {
  const { region, against, scene, picture } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null && picture !== null) paint(canvas.current, picture, scene, region);
  }, [picture, scene, region]);
  return (
    <>
      <canvas ref={canvas} class="scene" role="img" aria-label={say("picture")} />
      {region === null ? (
        <p class="nothing">{say("nothing")}</p>
      ) : (
        <p class="said">
          <Text region={region} against={against} />
          <span class={`small category${against !== null && against.category !== region.category ? " differs" : ""}`}>
            {say(`category.${region.category}`)}
          </span>
        </p>
      )}
    </>
  );
}

function Text({ region, against }: { region: Region; against: Region | null }) {
  if (region.ignore) return <mark class="drawing-text">### {say("unreadable")}</mark>;
  const other = against === null ? region.text : against.ignore ? "" : against.text;
  return (
    <span class="drawing-text">
      {compared(region.text, other).map(({ text, differs }, index) =>
        differs ? <mark key={index}>{text}</mark> : text,
      )}
    </span>
  );
}

function Skipped({ task }: { task: Task }) {
  const skipped = task.versions.flatMap(({ status, reason }, index) =>
    status === "skipped" ? [{ name: NAMES[index] ?? "", reason }] : [],
  );
  return (
    <>
      {skipped.map(({ name, reason }) => (
        <p key={name} class="notice warn small">
          {say("version", { name })}: {say("skipped", { reason })}
        </p>
      ))}
    </>
  );
}

const PICTURE_HEIGHT = 128; // device pixels; the style sheet shows it half as high

function usePicture(drawing: ReviewedDrawing, scene: Scene): ImageData | null {
  const [picture, setPicture] = useState<{ scene: Scene; pixels: ImageData } | null>(null);
  useEffect(() => {
    let wanted = true;
    drawing.crop(scene.outline, PICTURE_HEIGHT, 0).then(
      (pixels) => wanted && setPicture({ scene, pixels }),
      () => undefined, // the drawing itself says that it cannot be loaded
    );
    return () => {
      wanted = false;
    };
  }, [drawing, scene]);
  return picture?.scene === scene ? picture.pixels : null;
}

function paint(canvas: HTMLCanvasElement, picture: ImageData, scene: Scene, region: Region | null): void {
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.putImageData(picture, 0, 0);
  if (region === null) return;
  const scale = picture.height / scene.height;
  context.beginPath();
  for (const corner of region.points) {
    const [x, y] = inScene(scene, corner);
    context.lineTo(x * scale, y * scale);
  }
  context.closePath();
  context.strokeStyle = "#0b57d0"; // the paper is white in both themes
  context.lineWidth = 3;
  context.stroke();
}
