/**
 * The plain way, as the peer: the whole sheet as one `<img>`, one SVG polygon and one SVG text a region, all of it moved
 * and enlarged by one CSS transform.
 */
import { CATEGORY_COLOURS } from "../canvas/appearance";
import type { View } from "../canvas/view";
import { fitted, panned, zoomed } from "../canvas/view";
import { boundsOf, centreOf, heightOf } from "../geometry/quad";
import { drawing, fetchWork, middleOf, noteOpened, textField, watchPictures } from "./work";

const SVG = "http://www.w3.org/2000/svg";
const work = await fetchWork();
const host = drawing();
const field = textField();
const stack = document.createElement("div");
stack.style.cssText = `position:absolute;transform-origin:0 0;width:${work.width}px;height:${work.height}px`;
const image = document.createElement("img");
image.width = work.width;
image.height = work.height;
const layer = document.createElementNS(SVG, "svg");
layer.setAttribute("width", `${work.width}`);
layer.setAttribute("height", `${work.height}`);
layer.style.cssText = "position:absolute;inset:0";
const texts = work.regions.map(({ points, text, category }) => {
  const polygon = document.createElementNS(SVG, "polygon");
  polygon.setAttribute("points", points.join(" "));
  polygon.setAttribute("fill", CATEGORY_COLOURS[category]);
  polygon.setAttribute("fill-opacity", "0.15");
  polygon.setAttribute("stroke", CATEGORY_COLOURS[category]);
  polygon.setAttribute("vector-effect", "non-scaling-stroke");
  const label = document.createElementNS(SVG, "text");
  const { left, top } = boundsOf(points);
  label.setAttribute("x", `${left}`);
  label.setAttribute("y", `${top}`);
  label.setAttribute("font-size", `${heightOf(points) / 2}`);
  label.textContent = text;
  layer.append(polygon, label);
  return label;
});
stack.append(image, layer);
host.append(stack);

let view: View = fitted(work, { width: host.clientWidth, height: host.clientHeight }, 0);
let selected = 0;
function look(next: View): void {
  view = next;
  stack.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
}
look(view);

host.addEventListener("pointermove", (event) => {
  if (event.buttons === 1) look(panned(view, [event.movementX, event.movementY]));
});
host.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const { left, top } = host.getBoundingClientRect();
    look(zoomed(view, [event.clientX - left, event.clientY - top], Math.exp(-event.deltaY * 0.0015)));
  },
  { passive: false },
);
image.addEventListener("dragstart", (event) => event.preventDefault());
field.addEventListener("input", () => {
  const label = texts[selected];
  if (label !== undefined) label.textContent = field.value;
});

window.bench = {
  middle: () => middleOf(host),
  surface: null,
  opened: null,
  pictures: [],
  record: () => {
    window.bench.pictures = [];
  },
  close: () => look(zoomed(view, [host.clientWidth / 2, host.clientHeight / 2], 0.4 / view.scale)),
  whole: () => look(fitted(work, { width: host.clientWidth, height: host.clientHeight }, 0)),
  select: (index) => {
    const region = work.regions[index];
    if (region === undefined) throw new Error(`there is no region ${index}`);
    selected = index;
    const [x, y] = centreOf(region.points);
    const scale = 30 / heightOf(region.points);
    look({ scale, quarters: 0, x: host.clientWidth / 2 - x * scale, y: host.clientHeight / 2 - y * scale });
    field.value = region.text;
    field.focus();
  },
};
watchPictures();
image.src = "sheet.png";
await image.decode();
noteOpened();
