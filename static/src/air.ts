// What is recorded for the air: in short slices, sent until the server has them, begun anew when its node is gone. The
// lecturer's microphone: what has not arrived waits here, and a network that comes back loses nothing of two minutes.
import { signal } from "@preact/signals";
import { bytesOf, newId } from "./ids";
import type { Link } from "./link";
import type { Air, Aired, AnyServerFrame } from "./protocol";
import { Microphone, Recorder, liveType, type Source } from "./voice";

const SLICE_MS = 100;
const PUSH_MS = 250;
const MOST_AT_ONCE = 24 * 1024; // bytes of a frame
const MOST_WAITING = 384 * 1024; // bytes: two minutes of speech
const SLICE_AGO_MS = 30_000; // the server believes no longer
const STUCK_MS = 4_000; // sent and not answered: sent again
const BUSY_MS = 5_000;

/** "unplugged": it was there and is gone. "none": there is no such device. "held": by a call, say. "elsewhere": another
 * page of hers speaks. "busy": the server can't take it just now, and is asked again. "slow": the network can't. */
export type AirState = "off" | "asking" | "on" | "held" | "refused" | "none" | "unplugged" | "elsewhere" | "busy" | "slow";

/** One recording on its way: the bytes that the server has not got yet. */
export class Take {
  readonly name = newId();
  readonly began = performance.now();
  beside: Take | null = null;
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

type About = Partial<Pick<Air, "track" | "beside" | "after_ms" | "muted">>;

/** A device on its way to the room; what it is, what is said of it and what becomes of it when it is lost differ. */
export abstract class Airing<S extends Source> {
  readonly state = signal<AirState>("off");
  readonly kept = signal(true); // false while the server's store does not take what is on the air
  readonly waiting = signal(false); // what was recorded has not arrived for a while
  protected source: S | null = null;
  protected take: Take | null = null;
  #socket = -1;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `epoch` is that of this page in the room. */
  constructor(
    readonly link: Link,
    readonly lecture: string,
    readonly epoch: () => number,
  ) {}

  /** Asks for the device; or why there is none. */
  protected abstract open(): Promise<S | AirState>;
  protected abstract record(take: Take, source: S, then: () => void): Recorder;
  protected abstract about(take: Take): About;
  protected abstract lost(): void;
  protected abstract held(held: boolean): void;
  /** More waits than is of use to anybody. */
  protected abstract overfull(waiting: number): boolean;

  async start(): Promise<void> {
    if (this.source !== null || this.state.value === "asking") return;
    this.state.value = "asking";
    const source = await this.open();
    if (typeof source === "string") return void (this.state.value = source);
    if ((this.state.value as AirState) !== "asking") return source.close(); // it was stopped meanwhile
    this.source = source;
    source.onlost = () => this.lost();
    source.onheld = (held) => {
      if (this.source === source) this.held(held);
    };
    this.opened(source);
    this.begin();
    this.state.value = "on";
    this.#every(PUSH_MS);
  }

  protected opened(_: S): void {}

  /** What was recorded until now is sent, as far as there is a way. */
  async stop(state: AirState = "off"): Promise<void> {
    const [source, take] = [this.source, this.take];
    this.source = null;
    this.state.value = state;
    this.waiting.value = false;
    clearInterval(this.#timer);
    await take?.recorder?.stop();
    await take?.settled();
    if (take !== null && take === this.take) {
      this.push();
      this.send(take, new Uint8Array(0), true);
      this.take = null;
    }
    source?.close();
  }

  frame(frame: AnyServerFrame): void {
    if (frame.frame === "aired" && frame.lecture === this.lecture) this.#aired(frame);
  }

  protected begin(): void {
    const old = this.take;
    const take = (this.take = new Take());
    void old?.recorder?.stop();
    take.recorder = this.record(take, this.source!, () => this.push());
    take.sentAt = performance.now();
  }

  #aired({ take: name, at, state, kept }: Aired): void {
    const take = this.take;
    if (take === null || take.name !== name || this.source === null) return;
    if (state === "fenced" || state === "over") return void this.stop(state === "fenced" ? "elsewhere" : "off");
    if (state === "busy") {
      this.state.value = "busy";
      this.#every(BUSY_MS);
      return this.begin();
    }
    if (state === "gone" || at < take.arrived) return this.gone();
    if (this.state.value === "busy") {
      this.state.value = "on";
      this.#every(PUSH_MS);
    }
    if (at > take.arrived) take.sentAt = performance.now();
    take.acknowledge(at);
    this.kept.value = kept;
    this.waiting.value = false;
    this.push();
  }

  protected gone(): void {
    this.begin();
  }

  #every(ms: number): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.push(), ms);
  }

  protected push(): void {
    const take = this.take;
    if (take === null) return;
    const now = performance.now();
    const late = take.end > take.arrived && now - take.sentAt > STUCK_MS;
    this.waiting.value = late;
    if (this.source !== null && this.overfull(take.end - take.arrived)) return this.begin(); // the room has gone on without it
    if (this.link.socket !== this.#socket || late) take.sent = take.arrived; // an earlier socket may have lost it
    while (take.sent < take.end) {
      const piece = take.from(take.sent);
      if (!this.send(take, piece)) return;
      if (take.sent === take.arrived) take.sentAt = now;
      take.sent += piece.length;
    }
  }

  protected send(take: Take, piece: Uint8Array, last = false): boolean {
    const ago_ms = Math.min(SLICE_AGO_MS, Math.round(performance.now() - take.began));
    const sent = this.link.whisper({
      frame: "air", lecture: this.lecture, room_epoch: this.epoch(), take: take.name, type: take.recorder?.type ?? "", at: take.sent, ago_ms, bytes: base64(piece), muted: false, last, ...this.about(take),
    });
    if (sent) this.#socket = this.link.socket;
    return sent;
  }
}

export class Broadcast extends Airing<Microphone> {
  readonly muted = signal(false);
  readonly yields = signal(false); // a pupil speaks whose voice must not be kept: this microphone would hear the loudspeaker

  level(): number {
    return this.source?.level() ?? 0;
  }

  /** What a camera is beside of. */
  get now(): Take | null {
    return this.state.value === "on" || this.state.value === "held" ? this.take : null;
  }

  mute(muted: boolean): void {
    this.muted.value = muted;
    this.#say();
  }

  yield(on: boolean): void {
    if (this.yields.peek() === on) return;
    this.yields.value = on;
    this.#say();
  }

  #say(): void {
    if (this.source !== null) this.opened(this.source);
    if (this.take !== null) this.send(this.take, new Uint8Array(0));
  }

  protected async open(): Promise<Microphone | AirState> {
    return (liveType() === null ? null : await Microphone.open()) ?? "refused";
  }

  get #silent(): boolean {
    return this.muted.peek() || this.yields.peek();
  }

  protected override opened({ stream }: Microphone): void {
    for (const track of stream.getAudioTracks()) track.enabled = !this.#silent;
  }

  protected record(take: Take, source: Microphone, then: () => void): Recorder {
    return new Recorder(source, (slice) => take.add(slice, then), SLICE_MS, liveType()!);
  }

  protected about(): About {
    return { muted: this.#silent };
  }

  protected held(held: boolean): void {
    this.state.value = held ? "held" : "on";
  }

  /** It goes on by itself: she has not said that she would be silent. */
  protected lost(): void {
    void this.stop("unplugged");
    navigator.mediaDevices.addEventListener("devicechange", () => {
      if (this.state.value === "unplugged") void this.start();
    }, { once: true });
  }

  protected overfull(waiting: number): boolean {
    return waiting > MOST_WAITING;
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
