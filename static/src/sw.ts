// The shell works without a network: pages and their files are kept; questions, answers and media never are.
const worker = self as unknown as ServiceWorkerGlobalScope;
declare const __FILES__: string[];
declare const __BUILD__: string;

const PAGES = ["/", "/student", "/teacher", "/lectures"];
const KEPT = `shell-${__BUILD__}`;
const PATIENCE_MS = 4_000; // for a page over a bad network, before the kept one is shown

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(KEPT)
      .then((cache) => cache.addAll([...PAGES, ...__FILES__]))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || request.headers.has("range")) return;
  if (request.mode === "navigate" && PAGES.includes(url.pathname)) event.respondWith(page(request, url.pathname));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

/** The newest page if it comes in time, else the kept one. */
async function page(request: Request, path: string): Promise<Response> {
  const kept = await caches.match(path);
  if (kept === undefined) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  return Promise.race([fetch(request).catch(() => kept), late]);
}

/** Names carry a hash of what is in them: what is kept is right. */
async function asset(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    const cache = await caches.open(KEPT);
    await cache.put(request, fresh.clone());
  }
  return fresh;
}
