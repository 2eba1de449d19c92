// Builds the service worker, after the pages: it carries the list of their files.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

interface Chunk {
  file: string;
  css?: string[];
  assets?: string[];
}

const chunks: Chunk[] = Object.values(JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8")) as Record<string, Chunk>);
const files = [...new Set(chunks.flatMap((chunk) => [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]))]
  .filter((file) => !/-legacy/.test(file)) // phones that need those load them from the network and keep them then
  .filter((file) => !/KaTeX|\/formula-/.test(file)) // and a phone that sees no formula never needs what sets them
  .map((file) => `/${file}`)
  .sort();
const pages = ["index.html", "student.html", "teacher.html", "lecture.html"].map((page) => readFileSync(`dist/${page}`, "utf8"));

export default defineConfig({
  publicDir: false,
  define: {
    __FILES__: JSON.stringify(files),
    __BUILD__: JSON.stringify(createHash("sha256").update(pages.join("")).digest("hex").slice(0, 12)),
  },
  build: {
    emptyOutDir: false,
    target: ["chrome87", "safari14"],
    lib: { entry: "src/sw.ts", formats: ["iife"], name: "dayi", fileName: () => "sw.js" },
  },
});
