// Uploads in small parts, each put straight into the store; a broken one goes on where it stopped.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { Refusal, Unreachable, call } from "./api";
import { bytesOf } from "./ids";
import type { CompleteUpload, MediaView, PartUrls, StartUpload, UploadView } from "./protocol";

const TRIES = 5;
const AT_ONCE = 3;
const STALLED_MS = 60_000; // one part of 512 KiB on the slowest network that is still of use (70 kbit/s)

export type Progress = (done: number, of: number) => void;

export const start = (body: StartUpload): Promise<UploadView> => call("POST", "/api/uploads", body);
export const look = (id: string): Promise<UploadView> => call("GET", `/api/uploads/${id}`);
export const complete = (id: string, body: CompleteUpload): Promise<MediaView> => call("POST", `/api/uploads/${id}/complete`, body);

/** Sends a whole file; `known` is an upload begun earlier, `remember` keeps the id of a new one. */
export async function send(
  blob: Blob,
  body: StartUpload,
  known: string | null,
  remember: (id: string) => Promise<void>,
  progress: Progress,
): Promise<MediaView> {
  let upload = known === null ? null : await resumed(known);
  if (upload === null) {
    upload = await start(body);
    await remember(upload.id);
  }
  const count = Math.max(1, Math.ceil(blob.size / upload.part_size));
  const arrived = new Set(upload.arrived);
  const sent = new Map([...arrived].map((n) => [n, sizeOf(blob, n, upload.part_size)]));
  const tell = (): void => progress([...sent.values()].reduce((a, b) => a + b, 0), blob.size);
  tell();
  const missing = [...Array(count).keys()].filter((n) => !arrived.has(n));
  const { id, part_size } = upload;
  await inParallel(missing, (n) =>
    putPart(new Addresses(id), n, blob.slice(n * part_size, (n + 1) * part_size), (bytes) => {
      sent.set(n, bytes);
      tell();
    }),
  );
  return complete(id, { parts: count, size: blob.size, sha256: await digest(blob, part_size) });
}

/** The signed addresses of an upload's parts, some of them asked for ahead: a lesson's voice goes out every second. */
export class Addresses {
  #known = new Map<number, string>();
  #until = 0;

  constructor(
    readonly upload: string,
    readonly ahead = 1,
  ) {}

  async of(n: number): Promise<string> {
    if (!this.#known.has(n) || Date.now() > this.#until) await this.#ask(n);
    const url = this.#known.get(n);
    if (url === undefined) throw new Unreachable(`no address for part ${n}`);
    return url;
  }

  /** The next try gets a fresh one. */
  forget(n: number): void {
    this.#known.delete(n);
  }

  async #ask(n: number): Promise<void> {
    const parts = Array.from({ length: this.ahead }, (_, i) => n + i);
    const { urls, expires_in_s } = await call<PartUrls>("POST", `/api/uploads/${this.upload}/parts`, { parts });
    this.#known = new Map(Object.entries(urls).map(([part, url]) => [Number(part), url]));
    this.#until = Date.now() + (expires_in_s * 1_000) / 2; // one that runs out on its way would cost a try
  }
}

/** Puts one part, with a fresh address at each try after the first. */
export async function putPart(addresses: Addresses, n: number, part: Blob, progress: (bytes: number) => void = () => {}): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await put(await addresses.of(n), part, progress);
      return;
    } catch (error) {
      addresses.forget(n);
      if (attempt >= TRIES || (error instanceof Refusal && !error.passing)) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500 * 2 ** attempt));
    }
  }
}

async function resumed(id: string): Promise<UploadView | null> {
  try {
    return await look(id);
  } catch (error) {
    if (error instanceof Refusal && !error.passing) return null; // swept away meanwhile: begin anew
    throw error;
  }
}

function put(url: string, part: Blob, progress: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch can't tell how much has gone out
    request.open("PUT", url);
    request.timeout = STALLED_MS;
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => {
      if (request.status < 200 || request.status >= 300) return reject(new Unreachable(`the store said ${request.status}`));
      progress(part.size);
      resolve();
    };
    request.onerror = request.ontimeout = () => reject(new Unreachable("the store is out of reach"));
    request.send(part);
  });
}

async function inParallel(numbers: number[], work: (n: number) => Promise<void>): Promise<void> {
  const queue = [...numbers];
  const lane = async (): Promise<void> => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) await work(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function digest(blob: Blob, slice: number): Promise<string> {
  const hash = sha256.create();
  for (let from = 0; from < blob.size; from += slice) hash.update(new Uint8Array(await bytesOf(blob.slice(from, from + slice))));
  return bytesToHex(hash.digest());
}

function sizeOf(blob: Blob, n: number, slice: number): number {
  return Math.max(0, Math.min(slice, blob.size - n * slice));
}
