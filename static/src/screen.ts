// The lecturer's camera on a pupil's page: parts from the socket, in step with what is heard and never in its way.
import { signal, type Signal } from "@preact/signals";
import { PART_S, Playlist, bytesIn, feed, joinerOf, type Ears, type SourceKind, type Waiting } from "./hearing";
import type { Picture, PictureView } from "./protocol";

const FRESH_MS = 3_000; // without a part: no picture is shown, rather than one that stands still
const STEER_MS = 100;
const APART_S = 0.3; // from what is heard: there at once
const STEP_S = 0.04; // less than this is in step
const ALONE_S = 0.4; // behind its own end, where nothing is heard
const FASTER = 1.08;

export interface Screen {
  readonly element: HTMLVideoElement;
  readonly shows: Signal<boolean>; // there is a picture, of now
  sees(part: Picture): void;
  close(): void;
}

/** Which parts are of use: each once, of the newest take, in order; after a hole only from one that needs no other. */
export class Joined {
  #take = -1;
  #next = -1;

  admits({ take, n, key }: Pick<Picture, "take" | "n" | "key">): boolean {
    if (take < this.#take || (take === this.#take && n < this.#next)) return false;
    if (!key && (take !== this.#take || n !== this.#next)) return false;
    [this.#take, this.#next] = [take, n + 1];
    return true;
  }
}

/** How the picture goes on: at this speed, or to where the sound is. */
export function inStep(seen: number, heard: number, speed: number): { speed: number; jump: boolean } {
  const behind = heard - seen;
  if (Math.abs(behind) > APART_S) return { speed, jump: true };
  if (Math.abs(behind) < STEP_S) return { speed, jump: false };
  return { speed: behind > 0 ? speed * FASTER : speed / FASTER, jump: false };
}

/** Null where this browser has no way to show it; the sound goes on. */
export function screenFor(view: PictureView, ears: Ears | null): Screen | null {
  if (ears instanceof Playlist) return new OfPlaylist(ears);
  const kind = joinerOf(view.type);
  return kind === null ? null : new Projector(view, kind, () => ears?.at ?? null);
}

class Projector implements Screen {
  readonly shows = signal(false);
  readonly element = document.createElement("video");
  readonly #media: MediaSource;
  readonly #joined = new Joined();
  #buffer: SourceBuffer | null = null;
  #queue: Waiting[] = [];
  #seenAt = -Infinity;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    readonly view: PictureView,
    kind: SourceKind,
    readonly heard: () => number | null,
  ) {
    this.element.muted = this.element.playsInline = true;
    this.element.disableRemotePlayback = true; // Apple's managed sources ask for it
    this.#media = new kind();
    this.#media.addEventListener("sourceopen", () => {
      this.#buffer = this.#media.addSourceBuffer(view.type);
      this.#buffer.addEventListener("updateend", () => this.#feed());
      this.#feed();
    }, { once: true });
    this.element.src = URL.createObjectURL(this.#media);
    this.#timer = setInterval(() => this.#steer(), STEER_MS);
  }

  sees(part: Picture): void {
    if (!this.#joined.admits(part)) return;
    this.#seenAt = performance.now();
    this.#queue.push({ bytes: bytesIn(part.bytes), offset: part.at_ms / 1_000 - part.n * PART_S });
    this.#feed();
  }

  close(): void {
    clearInterval(this.#timer);
    this.shows.value = false;
    this.element.pause();
    URL.revokeObjectURL(this.element.src);
    this.element.removeAttribute("src");
  }

  #feed(): void {
    feed(this.#media, this.#buffer, this.element, this.#queue);
  }

  #steer(): void {
    const { element } = this;
    const buffered = this.#buffer?.buffered;
    const last = (buffered?.length ?? 0) - 1;
    const fresh = performance.now() - this.#seenAt < FRESH_MS && buffered !== undefined && last >= 0;
    if (!fresh) return void (this.shows.value = false);
    const [start, end] = [buffered.start(last), buffered.end(last)];
    const heard = this.heard();
    const wanted = Math.min(heard === null ? end - ALONE_S : heard / 1_000, end);
    if (wanted < start) return; // its first moment is not heard yet
    const { speed, jump } = inStep(element.currentTime, wanted, 1);
    if (jump) element.currentTime = wanted;
    element.playbackRate = speed;
    if (element.paused) void element.play().catch(() => undefined); // a browser that saves power plays it after a touch
    this.shows.value = element.readyState > 1;
  }
}

/** The browser plays it with the sound; the element is the same. */
class OfPlaylist implements Screen {
  readonly shows = signal(false);
  readonly element: HTMLVideoElement;
  readonly #sized = (): void => void (this.shows.value = this.element.videoWidth > 0);

  constructor(ears: Playlist) {
    this.element = ears.element;
    for (const change of ["resize", "loadedmetadata", "emptied"]) this.element.addEventListener(change, this.#sized);
    this.#sized();
  }

  sees(): void {}

  close(): void {
    this.shows.value = false;
    for (const change of ["resize", "loadedmetadata", "emptied"]) this.element.removeEventListener(change, this.#sized);
  }
}
