// A lecture's sound on a pupil's page: parts from the socket through Media Source Extensions, close behind the lecturer;
// the playlist where a browser has none of these.
import { signal } from "@preact/signals";
import type { Sound, SoundView } from "./protocol";

export const PART_S = 5_120 / 24_000;
const START_S = 0.3; // buffered, then it begins
const BEHIND_S = 0.35; // more than this left over at the end of each part: a little faster
const CLOSE_S = 0.2;
const JUMP_S = 1.5; // more than this: to where the lecturer is
const FASTER = 1.06;
const LITTLE_S = 0.05; // less than this: a little slower, before it stalls
const CALM_S = 0.12;
const SLOWER = 0.96;
const WINDOW_MS = 2_000; // the least of so long is what is left over
const KEPT_S = 10; // of what was played

export interface Waiting {
  bytes: Uint8Array;
  offset: number; // of its clock, in seconds
}

// Gives a buffer that is at rest what comes next, and takes away what was played or what is too much.
export function feed(media: MediaSource, buffer: SourceBuffer | null, element: HTMLMediaElement, queue: Waiting[]): void {
  if (buffer === null || buffer.updating || media.readyState !== "open") return;
  const { buffered } = buffer;
  const now = element.currentTime;
  if (buffered.length > 0 && buffered.start(0) < now - 2 * KEPT_S) return buffer.remove(0, now - KEPT_S);
  const next = queue.shift();
  if (next === undefined) return;
  if (buffer.timestampOffset !== next.offset) buffer.timestampOffset = next.offset;
  try {
    buffer.appendBuffer(next.bytes as BufferSource);
  } catch {
    if (element.error === null) buffer.remove(0, Math.max(0.1, now - 1)); // it is full
  }
}
const GONE_MS = 3_000; // without a part: the sound is missing
const STANDS_MS = 250; // at one moment: it goes on no more
const STEER_MS = 100;
const AGAIN_MS = 2_000;

/** A part of the lecturer's sound, or of a pupil's voice. */
export type Heard = Pick<Sound, "take" | "n" | "at_ms" | "bytes">;

/** What may be heard, however it comes. `at` is the moment of the lecture that is heard just now, in ms. */
export interface Ears {
  readonly silenced: { value: boolean }; // the browser wants a touch first
  readonly heard: { value: boolean }; // something came within the last seconds
  readonly at: number | null;
  hears(part: Heard): void;
  tune(take: number | null, pictured: boolean): void;
  listen(): void;
  hush(on: boolean): void; // something else is heard meanwhile
  close(): void;
}

/** How to go on, with so much buffered ahead at the least: the speed, or a jump to the end. */
export function steered(least: number, speed: number): { speed: number; jump: boolean } {
  if (least > JUMP_S) return { speed: 1, jump: true };
  if (least > BEHIND_S) return { speed: FASTER, jump: false };
  if (least < LITTLE_S) return { speed: SLOWER, jump: false };
  const goesOn = speed > 1 ? least > CLOSE_S : least < CALM_S;
  return { speed: goesOn ? speed : 1, jump: false };
}

/** Which parts are to be heard: each once, of the newest take, in order; a hole is passed over. */
export class Order {
  take = -1;
  next = 0;

  /** Whether it is to be heard; `anew` when a take begins. */
  admits({ take, n }: Pick<Sound, "take" | "n">): "no" | "yes" | "anew" {
    if (take < this.take || (take === this.take && n < this.next)) return "no";
    const anew = take > this.take;
    [this.take, this.next] = [take, n + 1];
    return anew ? "anew" : "yes";
  }
}

export type SourceKind = typeof MediaSource;

/** What a browser has to play things with. */
export interface Means {
  MediaSource?: Pick<SourceKind, "isTypeSupported">;
  ManagedMediaSource?: Pick<SourceKind, "isTypeSupported">; // an iPhone's, since iOS 17.1
  plays(type: string): boolean;
}

const PLAYLISTS = "application/vnd.apple.mpegurl";
const here = (): Means => ({ ...pick("MediaSource"), ...pick("ManagedMediaSource"), plays: (type) => document.createElement("video").canPlayType(type) !== "" });
const pick = (name: "MediaSource" | "ManagedMediaSource"): object => {
  const kind = (globalThis as unknown as Record<string, SourceKind | undefined>)[name];
  return kind === undefined ? {} : { [name]: kind };
};

/** How a track of this type is played: parts as they come, the browser's own playlists, or not at all. */
export function wayOf(type: string, means: Means = here()): "MediaSource" | "ManagedMediaSource" | "playlist" | "none" {
  if (means.MediaSource?.isTypeSupported(type)) return "MediaSource";
  if (means.ManagedMediaSource?.isTypeSupported(type)) return "ManagedMediaSource";
  return means.plays(PLAYLISTS) ? "playlist" : "none";
}

/** What joins parts of this type; null where nothing does. */
export function joinerOf(type: string): SourceKind | null {
  const way = wayOf(type);
  return way === "MediaSource" || way === "ManagedMediaSource" ? (globalThis as unknown as Record<string, SourceKind>)[way]! : null;
}

/** Null where a browser can't be heard in any way. */
export function earsFor(sound: SoundView, startedAt: () => number): Ears | null {
  const kind = joinerOf(sound.type);
  if (kind !== null) return new Loudspeaker(sound, kind);
  return wayOf(sound.type) === "none" ? null : new Playlist(sound, startedAt);
}

abstract class Speaker {
  readonly silenced = signal(false);
  readonly heard = signal(false);

  constructor(protected readonly audio: HTMLMediaElement = new Audio()) {}

  hush(on: boolean): void {
    this.audio.muted = on;
  }

  /** Called from a touch too, when the browser asked for one. */
  listen(): void {
    this.audio.play().then(
      () => (this.silenced.value = false),
      (error: unknown) => (this.silenced.value = error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }
}

/** Parts as they come. The media's clock is the lecture's, in seconds. */
export class Loudspeaker extends Speaker implements Ears {
  readonly #media: MediaSource;
  readonly #order = new Order();
  readonly #begins: Uint8Array;
  #buffer: SourceBuffer | null = null;
  #queue: Waiting[] = [];
  #offset = 0;
  #heardAt = -Infinity;
  #moved = { moment: 0, at: 0 };
  #least: { at: number; left: number }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    readonly sound: SoundView,
    kind: SourceKind,
  ) {
    super();
    this.#begins = bytesIn(sound.initialisation);
    this.#media = new kind();
    this.audio.disableRemotePlayback = true; // Apple's managed sources ask for it
    this.#media.addEventListener("sourceopen", () => this.#opened(), { once: true });
    this.audio.src = URL.createObjectURL(this.#media);
    this.#timer = setInterval(() => this.#steer(), STEER_MS);
  }

  get at(): number | null {
    return this.heard.value && !this.audio.paused && this.audio.readyState > 1 ? this.audio.currentTime * 1_000 : null;
  }

  hears(part: Heard): void {
    const admitted = this.#order.admits(part);
    if (admitted === "no") return;
    if (admitted === "anew") this.#offset = part.at_ms / 1_000 - part.n * PART_S;
    this.#heardAt = performance.now();
    this.heard.value = true;
    this.#queue.push({ bytes: bytesIn(part.bytes), offset: this.#offset });
    this.#feed();
  }

  tune(): void {}

  close(): void {
    clearInterval(this.#timer);
    this.audio.pause();
    URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
  }

  #opened(): void {
    const buffer = (this.#buffer = this.#media.addSourceBuffer(this.sound.type));
    buffer.addEventListener("updateend", () => this.#feed());
    buffer.appendBuffer(this.#begins as BufferSource);
  }

  #feed(): void {
    feed(this.#media, this.#buffer, this.audio, this.#queue);
  }

  #steer(): void {
    const { audio } = this;
    const now = performance.now();
    this.heard.value = now - this.#heardAt < GONE_MS;
    const buffered = this.#buffer?.buffered;
    if (buffered === undefined || buffered.length === 0) return;
    const last = buffered.length - 1;
    const [start, end] = [buffered.start(last), buffered.end(last)];
    if (audio.currentTime !== this.#moved.moment) this.#moved = { moment: audio.currentTime, at: now };
    if (audio.currentTime < start) {
      // The beginning, or a hole. What lies before a hole is heard to its end, which a browser may not quite reach.
      const stands = now - this.#moved.at > STANDS_MS || audio.paused;
      if (stands && end - start >= START_S) this.#to(Math.max(start, end - START_S));
      return;
    }
    const left = end - audio.currentTime;
    this.#least = [...this.#least.filter(({ at }) => now - at < WINDOW_MS), { at: now, left }];
    if (left > 2 * JUMP_S) return this.#to(end - START_S); // the network is back: what was missed is in the replay
    const { speed, jump } = steered(Math.min(...this.#least.map((each) => each.left)), audio.playbackRate);
    if (jump) this.#to(end - START_S);
    else if (audio.playbackRate !== speed) audio.playbackRate = speed;
  }

  #to(moment: number): void {
    this.audio.currentTime = moment;
    this.audio.playbackRate = 1;
    this.#least = [];
    if (this.audio.paused) this.listen();
  }
}

/** The playlist, played by the browser itself; with the picture in it while there is one that is wanted. */
export class Playlist extends Speaker implements Ears {
  readonly element: HTMLVideoElement;
  #take: number | null = null;
  #pictured = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly sound: SoundView,
    readonly startedAt: () => number, // of the lecture, ms since 1970
  ) {
    const element = document.createElement("video");
    element.playsInline = true;
    super(element);
    this.element = element;
    this.audio.addEventListener("playing", () => (this.heard.value = true));
    for (const trouble of ["error", "ended", "stalled"]) this.audio.addEventListener(trouble, () => this.#rest());
  }

  get at(): number | null {
    const began = (this.audio as HTMLMediaElement & { getStartDate?: () => Date }).getStartDate?.().getTime();
    return began === undefined || Number.isNaN(began) || this.audio.paused ? null : began + this.audio.currentTime * 1_000 - this.startedAt();
  }

  hears(): void {}

  tune(take: number | null, pictured: boolean): void {
    if (take === this.#take && pictured === this.#pictured) return;
    [this.#take, this.#pictured] = [take, pictured];
    clearTimeout(this.#again);
    if (take === null) this.audio.pause();
    else this.#play();
  }

  close(): void {
    clearTimeout(this.#again);
    this.audio.pause();
    this.audio.removeAttribute("src");
  }

  #play(): void {
    const { playlist, picture } = this.sound;
    this.audio.src = this.#pictured && picture !== null ? picture.whole : playlist;
    this.listen();
  }

  #rest(): void {
    this.heard.value = false;
    clearTimeout(this.#again);
    if (this.#take !== null) this.#again = setTimeout(() => this.#play(), AGAIN_MS);
  }
}

export function bytesIn(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let n = 0; n < raw.length; n++) bytes[n] = raw.charCodeAt(n);
  return bytes;
}
