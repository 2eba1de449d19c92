// What the shells of all pages share, written once: each .html file names the pieces in comments.
import type { Plugin } from "vite";

const HEAD = (title: string): string => `<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="theme-color" content="#17425f" />
    <meta name="format-detection" content="telephone=no" />
    <title>答疑 · ${title}</title>
    <link rel="manifest" href="/manifest.webmanifest" />
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/src/style.css" />`;
const BAR = `<header class="bar"><span class="seal" aria-hidden="true">答</span><span class="brand">答疑</span></header>`;
const NO_SCRIPT = `<noscript><p class="notice notice-warning">这个浏览器关掉了网页脚本，答疑打不开。请在浏览器设置里打开，或者换一个浏览器。<span lang="en">Please allow scripts for this page, or use another browser.</span></p></noscript>`;
const LATE = `<p class="notice notice-warning late">打开得太慢，或者这个浏览器太旧。请检查网络后刷新，或者换一个新一点的浏览器。<span lang="en">Slow network, or a browser that is too old: reload, or try a newer one.</span></p>`;
const WAITING = `${BAR}
      <main class="page">
        ${NO_SCRIPT}
        <div class="skeleton tall" aria-hidden="true"></div><div class="skeleton" aria-hidden="true"></div>${LATE}
      </main>`;
const PIECES: Readonly<Record<string, string>> = { bar: BAR, "no script": NO_SCRIPT, late: LATE, waiting: WAITING };

/** Puts the pieces in; a piece that nobody knows ends the build. */
export function shells(): Plugin {
  const piece = (name: string): string => {
    const found = name.startsWith("head: ") ? HEAD(name.slice("head: ".length)) : PIECES[name];
    if (found === undefined) throw new Error(`no piece of a shell is called "${name}"`);
    return found;
  };
  return { name: "shells", transformIndexHtml: { order: "pre", handler: (html) => html.replace(/<!-- (.+?) -->/g, (_, name: string) => piece(name)) } };
}
