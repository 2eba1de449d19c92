// The sound of a replay, or of a lecture on the air that one has stepped back in, fetched as it is needed: segments of the playlist through Media Source Extensions on the
// lecture's own clock, or the playlist by the browser itself; where nobody spoke, the page's clock runs on.
import { signal } from "@preact/signals";
import { bytesIn } from "./hearing";
import type { LectureReplay, SoundView, Span } from "./protocol";

const AHEAD_S = 30; // fetched before it is heard
const BEHIND_S = 60; // kept after
const AGAIN_MS = 2_000;
const LISTED_MS = 30 * 60_000; // addresses of segments last an hour at least
const NEAR_S = 0.15; // of sound that must be there to go on

/** A piece of the sound on the lecture's clock, in seconds; `offset` is what the segment's own times lack to it. */
export interface Piece {
  from: number;
  until: number;
  address: string;
  offset: number;
  beginning: string; // the address of what a player needs before it
}

/** The pieces of a playlist of ours: each run of segments says when it was, and its first one where in its take it is. */
export function piecesIn(playlist: string, startedAt: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let lasts = 0;
  let offset: number | null = null;
  let beginning = "";
  for (const line of playlist.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) [at, offset] = [(Date.parse(line.slice(25)) - startedAt) / 1_000, null];
    else if (line.startsWith("#EXT-X-MAP:")) beginning = /URI="([^"]*)"/.exec(line)?.[1] ?? "";
    else if (line.startsWith("#EXTINF:")) lasts = parseFloat(line.slice(8));
    else if (line !== "" && !line.startsWith("#")) {
      const number = Number(/\.(\d+)\.m4s$/.exec(line)?.[1] ?? 0);
      offset ??= at - number * SEGMENT_S;
      pieces.push({ from: at, until: at + lasts, address: line, offset, beginning });
      at += lasts;
    }
  }
  return pieces;
}

const SEGMENT_S = (18 * 5_120) / 24_000;

export const pieceAt = (pieces: readonly Piece[], moment: number): Piece | null => pieces.find(({ from, until }) => from <= moment && moment < until) ?? null;

/** What was played, as few spans as say it. */
export class Watched {
  #spans: Span[] = [];

  add(from_ms: number, to_ms: number): void {
    const last = this.#spans[this.#spans.length - 1];
    if (to_ms <= from_ms) return;
    if (last !== undefined && Math.abs(last.to_ms - from_ms) < 50) last.to_ms = to_ms;
    else this.#spans.push({ from_ms, to_ms });
  }

  taken(): Span[] {
    const spans = this.#spans;
    this.#spans = [];
    return spans.map(({ from_ms, to_ms }) => ({ from_ms: Math.max(0, Math.floor(from_ms)), to_ms: Math.ceil(to_ms) })).filter(({ from_ms, to_ms }) => to_ms > from_ms);
  }

  back(spans: readonly Span[]): void {
    this.#spans = [...spans, ...this.#spans].slice(-100);
  }
}

/** What is played; `lasts_ms` of a lecture on the air grows. */
export type Taped = Pick<LectureReplay, "sound" | "started_at" | "lasts_ms">;

export class Tape {
  readonly playing = signal(false);
  readonly waits = signal(false); // for sound that is on its way
  readonly sound = signal<"coming" | "there" | "none" | "wrong">("coming");
  onexpired: () => void = () => {};
  readonly #watched = new Watched();
  readonly #audio = new Audio();
  readonly #startedAt: number;
  #view: SoundView;
  #pieces: Piece[] = [];
  #media: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #fetching = false;
  #have = new Set<Piece>();
  #restUntil = 0;
  #at = 0; // ms
  #ticked = performance.now();
  #speed = 1;
  #closed = false;
  #native = false; // the browser plays the playlist itself, and its time has no silences
  #listedAt = 0;
  #lasts: number;

  /** `grows`: it is on the air, and its end is where what is kept ends so far. */
  constructor(
    view: Taped,
    readonly grows = false,
  ) {
    this.#view = view.sound;
    this.#lasts = view.lasts_ms;
    this.#startedAt = Date.parse(view.started_at);
    this.#audio.preload = "auto";
    void this.#open();
  }

  get ends(): number {
    return Math.max(1_000, this.#lasts);
  }

  /** Another address of the same playlist: the last one has served its time. */
  renew(view: SoundView): void {
    if (view.playlist === this.#view.playlist) return;
    this.#view = view;
    void this.#list();
  }

  /** It goes on to here now; what was listed before stays as it is. */
  grow(lasts_ms: number): void {
    this.#lasts = Math.max(this.#lasts, lasts_ms);
    const known = this.#pieces[this.#pieces.length - 1];
    void this.#list(performance.now() - this.#listedAt > LISTED_MS || known === undefined ? 0 : known.until);
  }

  play(): void {
    if (!this.grows && this.#at >= this.ends - 50) this.seek(0);
    this.playing.value = true;
    this.#ticked = performance.now();
  }

  pause(): void {
    this.playing.value = false;
    this.#audio.pause();
  }

  hurry(speed: number): void {
    this.#speed = speed;
    this.#audio.playbackRate = speed;
    this.#audio.defaultPlaybackRate = speed;
  }

  get speed(): number {
    return this.#speed;
  }

  seek(to: number): number {
    this.#at = Math.max(0, Math.min(this.ends, to));
    this.#audio.pause();
    this.waits.value = false;
    return this.#at;
  }

  /** Where it stands now, in ms of the lecture; called for each frame that is painted. */
  tick(): number {
    const now = performance.now();
    const passed = (now - this.#ticked) * this.#speed;
    this.#ticked = now;
    const moment = this.#at / 1_000;
    const piece = pieceAt(this.#pieces, moment);
    this.#fill(moment);
    if (!this.playing.value) return this.#at;
    const before = this.#at;
    if (piece === null && this.sound.value === "coming") {
      this.waits.value = true; // nobody knows yet whether somebody speaks here
    } else if (piece === null) {
      if (!this.#audio.paused) this.#audio.pause();
      this.#at = Math.min(this.ends, this.#at + Math.min(passed, 1_000)); // nobody speaks, or not here
      this.waits.value = false;
    } else if (this.#sounds(moment)) {
      if (this.#audio.paused) {
        this.#audio.currentTime = this.#native ? this.#toPlaylist(piece, moment) : moment;
        void this.#audio.play().catch(() => this.pause()); // the browser wants another touch
      }
      const heard = (this.#native ? this.#fromPlaylist(this.#audio.currentTime) : this.#audio.currentTime) * 1_000;
      if (!this.#audio.seeking && heard > this.#at) this.#at = Math.min(heard, piece.until * 1_000 + 5, this.ends);
      this.waits.value = false;
    } else {
      this.waits.value = true;
    }
    if (this.#at > before) this.#watched.add(before, this.#at);
    if (this.#at >= this.ends) {
      if (this.grows) this.waits.value = true;
      else this.pause();
    }
    return this.#at;
  }

  watched(): Span[] {
    return this.#watched.taken();
  }

  unwatched(spans: readonly Span[]): void {
    this.#watched.back(spans);
  }

  close(): void {
    this.#closed = true;
    this.#audio.pause();
    this.#audio.removeAttribute("src");
  }

  /** Whether there is sound for this moment; a piece that can't be had is silence. */
  #sounds(moment: number): boolean {
    if (this.#native) return this.#audio.readyState > 1;
    const { buffered } = this.#audio;
    for (let n = 0; n < buffered.length; n++) if (buffered.start(n) <= moment + NEAR_S && moment < buffered.end(n) - 0.02) return true;
    return false;
  }

  async #open(): Promise<void> {
    const kind = typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(this.#view.type) ? MediaSource : (globalThis as unknown as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
    if (kind === undefined) {
      this.#native = true;
      this.#audio.src = this.#view.playlist;
      return this.#list();
    }
    this.#media = new kind();
    this.#audio.disableRemotePlayback = true;
    this.#media.addEventListener("sourceopen", () => {
      this.#buffer = this.#media!.addSourceBuffer(this.#view.type);
      this.#buffer.appendBuffer(bytesIn(this.#view.initialisation) as BufferSource);
    }, { once: true });
    this.#audio.src = URL.createObjectURL(this.#media);
    await this.#list();
  }

  #toPlaylist(piece: Piece, moment: number): number {
    let before = 0;
    for (const each of this.#pieces) {
      if (each === piece) break;
      before += each.until - each.from;
    }
    return before + moment - piece.from;
  }

  #fromPlaylist(time: number): number {
    let left = time;
    for (const { from, until } of this.#pieces) {
      if (left < until - from) return from + left;
      left -= until - from;
    }
    return this.ends / 1_000;
  }

  /** All of it; of one that grows what ends after `from` seconds. */
  async #list(from = 0): Promise<void> {
    if (from === 0) this.#listedAt = performance.now();
    try {
      const answer = await fetch(from === 0 ? this.#view.playlist : `${this.#view.playlist}?from=${Math.ceil(from * 1_000)}`);
      if (answer.status === 404) return this.onexpired(); // the address has served its time
      if (!answer.ok) throw new Error(String(answer.status));
      const had = [...this.#have].map(({ from }) => from);
      const listed = piecesIn(await answer.text(), this.#startedAt);
      this.#pieces = [...this.#pieces.filter((each) => from > 0 && !listed.some((fresh) => Math.abs(fresh.from - each.from) < 0.05)), ...listed];
      this.#have = new Set(this.#pieces.filter(({ from }) => had.includes(from)));
      this.sound.value = this.#pieces.length === 0 ? "none" : "there";
    } catch {
      if (this.#closed) return;
      this.sound.value = "wrong";
      setTimeout(() => !this.#closed && void this.#list(from), AGAIN_MS);
    }
  }

  #fill(moment: number): void {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || this.#fetching || performance.now() < this.#restUntil) return;
    const { buffered } = buffer;
    if (buffered.length > 0 && buffered.start(0) < moment - 2 * BEHIND_S) return this.#forget(0, moment - BEHIND_S);
    if (buffered.length > 0 && buffered.end(buffered.length - 1) > moment + 4 * AHEAD_S) return this.#forget(moment + 2 * AHEAD_S, Infinity);
    const next = this.#pieces.find((piece) => piece.until > moment && piece.from < moment + AHEAD_S && !this.#have.has(piece));
    if (next !== undefined) void this.#fetch(next);
  }

  #forget(from: number, until: number): void {
    for (const piece of this.#have) if (piece.until > from && piece.from < until) this.#have.delete(piece);
    this.#buffer!.remove(from, until);
  }

  async #fetch(piece: Piece): Promise<void> {
    this.#fetching = true;
    try {
      const answer = await fetch(piece.address);
      if (answer.status === 404) return this.#missing(piece);
      if (!answer.ok) throw new Error(String(answer.status));
      const bytes = await answer.arrayBuffer();
      const buffer = this.#buffer!;
      if (buffer.updating) await new Promise((done) => buffer.addEventListener("updateend", done, { once: true }));
      buffer.timestampOffset = piece.offset;
      buffer.appendBuffer(bytes);
      this.#have.add(piece);
    } catch {
      this.#restUntil = performance.now() + AGAIN_MS;
    } finally {
      this.#fetching = false;
    }
  }

  /** Its address has run out, or it is not in the store: then it is a silence. */
  #missing(piece: Piece): void {
    this.#restUntil = performance.now() + AGAIN_MS;
    if (performance.now() - this.#listedAt > LISTED_MS) void this.#list();
    else this.#pieces = this.#pieces.filter((each) => each !== piece);
  }
}
