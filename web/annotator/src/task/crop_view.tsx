/** The current box upright, straight and enlarged. */
import { useEffect, useRef } from "preact/hooks";
import type { Region } from "../document/region";
import { say } from "./messages";
import type { Workbench } from "./workbench";

const HEIGHT = 72; // screen pixels of the picture
const MARGIN = 0.35; // of the text's height, on every side
const SETTLED = 60; // milliseconds without a change of the box

export function CropView({ bench, region }: { bench: Workbench; region: Region }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = bench.surface.value;
  const { points } = region;

  useEffect(() => {
    let current = true;
    const later = setTimeout(async () => {
      const pixels = await surface?.crop(points, HEIGHT * devicePixelRatio, MARGIN).catch(() => null);
      const target = canvas.current;
      if (!current || target === null || pixels === undefined || pixels === null) return;
      target.width = pixels.width;
      target.height = pixels.height;
      target.getContext("2d")?.putImageData(pixels, 0, 0);
    }, SETTLED);
    return () => {
      current = false;
      clearTimeout(later);
    };
  }, [surface, points]);

  return <canvas ref={canvas} class="crop" role="img" aria-label={say("crop")} />;
}
