// A track beside a replay's sound, fetched where the replay stands and kept in step with it: the lecturer's camera, or
// the voices of pupils who spoke.
import { signal } from "@preact/signals";
import { joinerOf, wayOf } from "./hearing";
import { inStep } from "./screen";
import { pieceAt, piecesIn, type Piece } from "./tape";

const AHEAD_S = 12;
const BEHIND_S = 30;
const AGAIN_MS = 2_000;

/** Where a moment of the lecture is in a playlist without silences, in seconds. */
export function inPlaylist(pieces: readonly Piece[], moment: number): number | null {
  let before = 0;
  for (const { from, until } of pieces) {
    if (from <= moment && moment < until) return before + moment - from;
    before += until - from;
  }
  return null;
}

/** What shows a camera: without a sound of its own. */
export function screen(): HTMLVideoElement {
  const element = document.createElement("video");
  element.muted = element.playsInline = true;
  return element;
}

export class Reel<E extends HTMLMediaElement = HTMLVideoElement> {
  readonly shows = signal(false);
  readonly wrong = signal(false);
  #pieces: Piece[] = [];
  #have = new Set<Piece>();
  #listed = false;
  #restUntil = 0;
  #busy = false;
  #closed = false;
  #begun = ""; // the beginning that the buffer knows
  #media: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;

  constructor(
    readonly type: string,
    public address: string,
    readonly startedAt: number,
    readonly element: E,
  ) {
    const kind = joinerOf(type);
    if (kind === null) {
      if (wayOf(type) === "none") this.wrong.value = true;
      else element.src = address;
      return;
    }
    this.#media = new kind();
    element.disableRemotePlayback = true;
    this.#media.addEventListener("sourceopen", () => (this.#buffer = this.#media!.addSourceBuffer(type)), { once: true });
    element.src = URL.createObjectURL(this.#media);
  }

  /** Another address of the same: the last one has served its time. */
  renew(address: string): void {
    if (address !== this.address) [this.address, this.#listed] = [address, false];
  }

  /** There may be more of it now. */
  grow(): void {
    this.#listed = false;
  }

  /** What a touch opened the way for plays later, too. */
  touch(): void {
    void this.element.play().catch(() => undefined);
  }

  /** Shows what was seen at this moment, in ms of the lecture; called for each frame that is painted. */
  follow(at: number, playing: boolean, speed: number): void {
    const moment = at / 1_000;
    const { element } = this;
    if (!this.#busy && performance.now() > this.#restUntil) void this.#fetch(moment);
    const piece = pieceAt(this.#pieces, moment);
    const wanted = piece === null ? null : this.#media === null ? inPlaylist(this.#pieces, moment) : moment;
    this.shows.value = wanted !== null && element.readyState > 1;
    if (wanted === null || !playing) {
      if (!element.paused) element.pause();
      if (wanted !== null && !element.seeking && Math.abs(element.currentTime - wanted) > 0.1) element.currentTime = wanted;
      return;
    }
    const step = inStep(element.currentTime, wanted, speed);
    if (step.jump && !element.seeking) element.currentTime = wanted;
    if (element.playbackRate !== step.speed) element.playbackRate = step.speed;
    if (element.paused) void element.play().catch(() => undefined);
  }

  /** Nobody looks. */
  rest(): void {
    this.shows.value = false;
    this.element.pause();
  }

  close(): void {
    this.#closed = true;
    this.element.pause();
    this.element.removeAttribute("src");
  }

  async #fetch(moment: number): Promise<void> {
    this.#busy = true;
    try {
      if (!this.#listed) await this.#list();
      else if (this.#buffer !== null && !this.#buffer.updating) await this.#fill(this.#buffer, moment);
    } catch {
      this.#restUntil = performance.now() + AGAIN_MS;
    } finally {
      this.#busy = false;
    }
  }

  async #list(): Promise<void> {
    const had = [...this.#have].map(({ from }) => from);
    const text = await (await answered(this.address)).text();
    if (this.#closed) return;
    this.#pieces = piecesIn(text, this.startedAt);
    this.#have = new Set(this.#pieces.filter(({ from }) => had.includes(from)));
    this.#listed = true;
  }

  async #fill(buffer: SourceBuffer, moment: number): Promise<void> {
    const { buffered } = buffer;
    const [first, last] = buffered.length === 0 ? [moment, moment] : [buffered.start(0), buffered.end(buffered.length - 1)];
    if (first < moment - 2 * BEHIND_S) return this.#forget(0, moment - BEHIND_S);
    if (last > moment + 4 * AHEAD_S) return this.#forget(moment + 2 * AHEAD_S, Infinity);
    const next = this.#pieces.find((piece) => piece.until > moment && piece.from < moment + AHEAD_S && !this.#have.has(piece));
    if (next === undefined) return;
    const answer = await fetch(next.address);
    if (answer.status === 404) return void (this.#pieces = this.#pieces.filter((piece) => piece !== next)); // no picture there
    if (!answer.ok) throw new Error(String(answer.status));
    const bytes = await answer.arrayBuffer();
    if (this.#begun !== next.beginning) {
      await this.#append(buffer, await (await answered(next.beginning)).arrayBuffer());
      this.#begun = next.beginning;
    }
    buffer.timestampOffset = next.offset;
    await this.#append(buffer, bytes);
    this.#have.add(next);
  }

  async #append(buffer: SourceBuffer, bytes: ArrayBuffer): Promise<void> {
    if (this.#closed) return;
    const done = new Promise((resolve) => buffer.addEventListener("updateend", resolve, { once: true }));
    buffer.appendBuffer(bytes);
    await done;
  }

  #forget(from: number, until: number): void {
    for (const piece of this.#have) if (piece.until > from && piece.from < until) this.#have.delete(piece);
    this.#buffer!.remove(from, until);
  }
}

async function answered(address: string): Promise<Response> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}
