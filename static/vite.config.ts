// Builds the pages. The phones we support are written here and nowhere else.
import legacy from "@vitejs/plugin-legacy";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { shells } from "./shells";

const MODERN = ["chrome >= 87", "safari >= 14", "ios >= 14"];
const LEGACY = ["chrome >= 61", "ios >= 12"]; // old WeChat web views and hand-me-down phones

const SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

// The legacy plugin guards the modern bundle by importing a data: address, which our policy forbids (and then every
// phone would take the old bundle). It asks for import.meta.resolve, which we do not use; the check for async generators stays.
const GUARD = /import\s*(['"])data:text\/javascript,(?:(?!\1).|\\\1)*\1;?/g;

/** Takes the guards out, then writes dist/csp.json: the hashes of the few inline scripts that choose a bundle. */
function contentSecurity(): Plugin {
  let out = "dist";
  return {
    name: "content-security",
    apply: "build",
    configResolved: (config) => void (out = config.build.outDir),
    closeBundle() {
      const scripts = readdirSync(join(out, "assets")).filter((file) => file.endsWith(".js")).map((file) => join("assets", file));
      const shells = readdirSync(out).filter((file) => file.endsWith(".html"));
      for (const path of [...scripts, ...shells].map((name) => join(out, name))) {
        const text = readFileSync(path, "utf8");
        const bare = text.replace(GUARD, "");
        if (bare !== text) writeFileSync(path, bare);
      }
      const hashes = new Set<string>();
      for (const name of shells) {
        for (const [, code] of readFileSync(join(out, name), "utf8").matchAll(SCRIPT)) {
          hashes.add(`'sha256-${createHash("sha256").update(code ?? "").digest("base64")}'`);
        }
      }
      writeFileSync(join(out, "csp.json"), JSON.stringify({ "script-src": [...hashes].sort() }, null, 2) + "\n");
    },
  };
}

export default defineConfig({
  build: {
    assetsInlineLimit: 0, // a data: address would need a hole in the policy
    manifest: true,
    sourcemap: false,
    rollupOptions: {
      input: ["index.html", "student.html", "teacher.html", "subsidies.html", "disclosure.html", "research.html", "monday.html", "topics.html", "bank.html", "review.html", "school.html", "guardian.html", "lecture.html", "library.html", "404.html"],
    },
  },
  plugins: [shells(), legacy({ targets: LEGACY, modernTargets: MODERN }), contentSecurity()],
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
