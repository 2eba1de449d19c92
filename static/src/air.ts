// The lecturer's microphone on the air: recorded in short slices, sent until the server has them, begun anew when its
// node is gone. What has not arrived waits here: a network that comes back loses nothing of two minutes.
import { signal } from "@preact/signals";
import { bytesOf, newId } from "./ids";
import type { Link } from "./link";
import type { Aired, AnyServerFrame } from "./protocol";
import { Microphone, Recorder, liveType } from "./voice";

const SLICE_MS = 100;
const PUSH_MS = 250;
const MOST_AT_ONCE = 24 * 1024; // bytes of a frame
const MOST_WAITING = 384 * 1024; // bytes: two minutes of speech
const STUCK_MS = 4_000; // sent and not answered: sent again
const BUSY_MS = 5_000;

/** "unplugged": it was there and is gone. "held": by a call, say. "elsewhere": another page of hers speaks. "busy": the
 * server can't take it just now, and is asked again. */
export type AirState = "off" | "asking" | "on" | "held" | "refused" | "unplugged" | "elsewhere" | "busy";

/** One recording on its way: the bytes that the server has not got yet. */
class Take {
  readonly name = newId();
  readonly began = performance.now();
  recorder: Recorder | null = null;
  arrived = 0;
  sent = 0;
  end = 0;
  sentAt = 0;
  #pieces: Uint8Array[] = [];
  #order: Promise<void> = Promise.resolve();

  add(slice: Blob, then: () => void): void {
    this.#order = this.#order.then(async () => {
      const piece = new Uint8Array(await bytesOf(slice));
      this.#pieces.push(piece);
      this.end += piece.length;
      then();
    });
  }

  settled(): Promise<void> {
    return this.#order;
  }

  /** Everything before `at` is there. */
  acknowledge(at: number): void {
    let first = this.#pieces[0];
    while (first !== undefined && this.arrived + first.length <= at) {
      this.arrived += first.length;
      this.#pieces.shift();
      first = this.#pieces[0];
    }
    if (first !== undefined && at > this.arrived) {
      this.#pieces[0] = first.subarray(at - this.arrived);
      this.arrived = at;
    }
    this.sent = Math.max(this.sent, this.arrived);
  }

  /** Some bytes from `from` on. */
  from(from: number): Uint8Array {
    const found = new Uint8Array(Math.min(MOST_AT_ONCE, this.end - from));
    let at = this.arrived;
    for (const piece of this.#pieces) {
      const part = piece.subarray(Math.max(0, from - at));
      const to = Math.max(0, at - from);
      if (at + piece.length > from && to < found.length) found.set(part.subarray(0, found.length - to), to);
      at += piece.length;
    }
    return found;
  }
}

export class Broadcast {
  readonly state = signal<AirState>("off");
  readonly muted = signal(false);
  readonly kept = signal(true); // false while the server's store does not take what is heard
  readonly waiting = signal(false); // what was said has not arrived for a while
  #microphone: Microphone | null = null;
  #take: Take | null = null;
  #socket = -1;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `epoch` is that of this page in the room. */
  constructor(
    readonly link: Link,
    readonly lecture: string,
    readonly epoch: () => number,
  ) {}

  level(): number {
    return this.#microphone?.level() ?? 0;
  }

  async start(): Promise<void> {
    if (this.#microphone !== null || this.state.value === "asking") return;
    this.state.value = "asking";
    const microphone = liveType() === null ? null : await Microphone.open();
    if (microphone === null) return void (this.state.value = "refused");
    this.#microphone = microphone;
    microphone.onlost = () => void this.#lost();
    microphone.onheld = (held) => {
      if (this.#microphone === microphone) this.state.value = held ? "held" : "on";
    };
    for (const track of microphone.stream.getAudioTracks()) track.enabled = !this.muted.value;
    this.#begin();
    this.state.value = "on";
    this.#timer = setInterval(() => this.#push(), PUSH_MS);
  }

  mute(muted: boolean): void {
    this.muted.value = muted;
    for (const track of this.#microphone?.stream.getAudioTracks() ?? []) track.enabled = !muted;
    if (this.#take !== null) this.#send(this.#take, new Uint8Array(0));
  }

  /** What was said until now is sent, as far as there is a way. */
  async stop(state: AirState = "off"): Promise<void> {
    const [microphone, take] = [this.#microphone, this.#take];
    this.#microphone = null;
    this.state.value = state;
    clearInterval(this.#timer);
    await take?.recorder?.stop();
    await take?.settled();
    if (take !== null && take === this.#take) {
      this.#push();
      this.#send(take, new Uint8Array(0), true);
      this.#take = null;
    }
    microphone?.close();
  }

  frame(frame: AnyServerFrame): void {
    if (frame.frame === "aired" && frame.lecture === this.lecture) this.#aired(frame);
  }

  async #lost(): Promise<void> {
    await this.stop("unplugged");
    navigator.mediaDevices.addEventListener("devicechange", () => {
      if (this.state.value === "unplugged") void this.start();
    }, { once: true });
  }

  #begin(): void {
    const old = this.#take;
    const take = (this.#take = new Take());
    void old?.recorder?.stop();
    take.recorder = new Recorder(this.#microphone!, (slice) => take.add(slice, () => this.#push()), SLICE_MS, liveType()!);
    take.sentAt = performance.now();
  }

  #aired({ take: name, at, state, kept }: Aired): void {
    const take = this.#take;
    if (take === null || take.name !== name) return;
    if (state === "fenced" || state === "over") return void this.stop(state === "fenced" ? "elsewhere" : "off");
    if (state === "busy") {
      this.state.value = "busy";
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.#push(), BUSY_MS);
      return this.#begin();
    }
    if (state === "gone" || at < take.arrived) return this.#begin();
    if (this.state.value === "busy") this.#recovered();
    if (at > take.arrived) take.sentAt = performance.now();
    take.acknowledge(at);
    this.kept.value = kept;
    this.waiting.value = false;
    this.#push();
  }

  #recovered(): void {
    this.state.value = "on";
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#push(), PUSH_MS);
  }

  #push(): void {
    const take = this.#take;
    if (take === null) return;
    const now = performance.now();
    const late = take.end > take.arrived && now - take.sentAt > STUCK_MS;
    this.waiting.value = late;
    if (take.end - take.arrived > MOST_WAITING) return this.#begin(); // the room has gone on without it
    if (this.link.socket !== this.#socket || late) take.sent = take.arrived; // an earlier socket may have lost it
    while (take.sent < take.end) {
      const piece = take.from(take.sent);
      if (!this.#send(take, piece)) return;
      if (take.sent === take.arrived) take.sentAt = now;
      take.sent += piece.length;
    }
  }

  #send(take: Take, piece: Uint8Array, last = false): boolean {
    const ago_ms = Math.min(30_000, Math.round(performance.now() - take.began));
    const sent = this.link.whisper({
      frame: "air", lecture: this.lecture, room_epoch: this.epoch(), take: take.name, type: take.recorder?.type ?? "", at: take.sent, ago_ms, bytes: base64(piece), muted: this.muted.value, last,
    });
    if (sent) this.#socket = this.link.socket;
    return sent;
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
