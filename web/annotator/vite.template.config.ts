import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

// What SageMaker takes as UiTemplate.Content (botocore: RenderUiTemplate), so that a template can be previewed.
const MOST_CHARACTERS = 128_000;
const SKELETON = "src/ground_truth/template.liquid.html";
const RESULT = "template.liquid.html";

/** Puts script and style into the skeleton: Ground Truth shows one file in a sandboxed frame, where modules do not load. */
function template(): Plugin {
  return {
    name: "ground-truth-template",
    enforce: "post", // the styles become a file of the bundle in a plugin of Vite's own, after ours otherwise
    generateBundle(_, bundle) {
      let [script, style] = ["", ""];
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === "chunk") script += file.code;
        else if (name.endsWith(".css")) style += file.source;
        else this.error(`${name} cannot be put into the template: it has script and style only`);
        delete bundle[name];
      }
      const parts: Readonly<Record<string, string>> = { SCRIPT: packed(script), STYLE: style.trim() };
      // Liquid would take them for its own, and a template that it cannot read is refused only when the job starts.
      const taken = /.{0,40}(?:\{\{|\{%).{0,40}/.exec(style);
      if (taken) this.error(`the style has a sign of Liquid in it: ${taken[0]}`);
      const skeleton = readFileSync(SKELETON, "utf-8");
      const source = skeleton.replace(/\/\* (SCRIPT|STYLE) \*\//g, (_, name) => parts[name] ?? "");
      if (source.length > MOST_CHARACTERS) {
        this.error(
          `${RESULT} has ${source.length} characters, Ground Truth takes ${MOST_CHARACTERS}: leave something out`,
        );
      }
      this.emitFile({ type: "asset", fileName: RESULT, source });
    },
  };
}

/**
 * The script deflated, in base64: half as many characters, and none that Liquid or HTML takes for its own. The skeleton
 * unpacks it with what every browser has.
 */
function packed(code: string): string {
  return deflateRawSync(code, { level: 9 }).toString("base64");
}

// The same sources as the page on its own origin, as one classic script.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  publicDir: false,
  build: {
    target: "es2023",
    outDir: "dist-ground-truth",
    lib: {
      entry: "src/ground_truth/main.tsx",
      formats: ["iife"],
      name: "annotator",
      fileName: "script",
      cssFileName: "style",
    },
  },
  plugins: [template()],
});
