// Who watches a session hears its teacher over the socket: she speaks once, however many listen, and hears nobody.
import { signal } from "@preact/signals";
import { Listening, Speaking, type Slice } from "./wire";

const ANEW_MS = 60_000; // the voice begins a new take, whatever happened to the one before
const ASK_MS = 5_000; // between two times that a listener asks for a new take, which all the others hear begin
const STALE_MS = 25_000; // a node that says nothing for so long has no watchers any more

/** How many watch, as the nodes that they are on say. */
export class Watchers {
  readonly count = signal(0);
  readonly #nodes = new Map<string, { count: number; at: number }>();

  hear(node: string, count: number, now: number): void {
    this.#nodes.set(node, { count, at: now });
    this.sweep(now);
  }

  sweep(now: number): void {
    let sum = 0;
    for (const { count, at } of this.#nodes.values()) if (now - at < STALE_MS) sum += count;
    this.count.value = sum;
  }
}

/** The teacher's side: speaks while somebody watches, and anew when somebody comes. */
export class Balcony {
  #track: MediaStreamTrack | null = null;
  #listeners = 0;
  #speaking: Speaking | null = null;
  #anew: ReturnType<typeof setInterval> | undefined;

  constructor(readonly send: (slice: Slice) => void) {}

  speak(track: MediaStreamTrack | null): void {
    this.#track = track;
    this.#begin();
  }

  listeners(count: number): void {
    const came = count > this.#listeners || (count === 0) !== (this.#listeners === 0);
    this.#listeners = count;
    if (came) this.#begin();
  }

  close(): void {
    this.#track = null;
    this.#begin();
  }

  #begin(): void {
    clearInterval(this.#anew);
    this.#speaking?.close();
    this.#speaking = null;
    if (this.#track === null || this.#listeners === 0 || !Speaking.possible) return;
    this.#speaking = new Speaking(this.#track, this.send);
    this.#anew = setInterval(() => this.#begin(), ANEW_MS);
  }
}

/** The watcher's side. */
export class Ear {
  /** Set while the browser wants a touch before it lets the teacher be heard. */
  readonly silenced = signal(false);
  readonly #loudspeaker = new Audio();
  readonly #listening = new Listening(this.#loudspeaker, () => this.#ask());
  #take = "";
  #askedAt = 0;

  /** `again` makes the speaker begin anew: a slice was lost. */
  constructor(readonly again: () => void) {}

  static get possible(): boolean {
    return typeof MediaSource !== "undefined";
  }

  hears(slice: Slice): void {
    if (slice.n === 0) this.#take = slice.take;
    else if (slice.take !== this.#take) this.#ask(); // its beginning was before us
    this.#listening.hears(slice);
    if (slice.n === 0 || this.#loudspeaker.paused) this.listen();
  }

  #ask(): void {
    if (Date.now() - this.#askedAt < ASK_MS) return;
    this.#askedAt = Date.now();
    this.again();
  }

  /** Called from a touch too, when the browser asked for one. */
  listen(): void {
    this.#loudspeaker.play().then(
      () => (this.silenced.value = false),
      (error: unknown) => (this.silenced.value = error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }

  close(): void {
    this.#loudspeaker.pause();
    this.#listening.close();
  }
}
