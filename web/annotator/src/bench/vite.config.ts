import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The pages that benchmarks/annotator.py measures, the screen and the plain way as its peer, and the surface for tests/web.
const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    emptyOutDir: true,
    rolldownOptions: { input: ["screen.html", "plain.html", "surface.html"].map(page) },
  },
});
