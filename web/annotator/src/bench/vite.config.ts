import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The pages that benchmarks/annotator.py measures: the drawing surface, and the plain way as its peer.
const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  build: {
    target: "es2023",
    emptyOutDir: true,
    rolldownOptions: { input: [page("surface.html"), page("plain.html")] },
  },
});
