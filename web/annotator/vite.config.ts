import { defineConfig } from "vitest/config";

// The page on its own origin. Ground Truth's template is built from the same sources by vite.template.config.ts.
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2023", sourcemap: false },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
