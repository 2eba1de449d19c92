// The lecturer's camera on the air, beside her microphone: off until she switches it on, and off for good when it is lost.
// The sound comes first: what a network can't carry is left out of the picture.
import { signal } from "@preact/signals";
import { Airing, type AirState, type Broadcast, type Take } from "./air";
import type { Link } from "./link";
import { Recorder, type Source } from "./voice";

// H.264 first: a phone's own chip makes it. What any of them records is packed anew for the room.
const CAN_FILM = ["video/webm;codecs=h264", "video/mp4;codecs=avc1.42E01E", "video/mp4;codecs=avc1", "video/webm;codecs=vp8", "video/webm;codecs=vp9", "video/webm", "video/mp4"];
const SLICE_MS = 100;
const BITS = 250_000;
const PICTURE = { width: { ideal: 480 }, height: { ideal: 360 }, frameRate: { ideal: 15 } };
const MOST_WAITING = 128 * 1024; // bytes: four seconds; a later picture is of no use
const PATIENCE_MS = 30_000; // overfull twice within so long: the network does not carry it
const AGAIN_MS = 1_000;

export function filmable(): string | null {
  if (typeof MediaRecorder === "undefined" || !navigator.mediaDevices) return null;
  return CAN_FILM.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** Those that have a name, once a person has let this page use one. */
export async function cameras(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId !== "");
}

export class Eye implements Source {
  onlost: () => void = () => {};
  onheld: (held: boolean) => void = () => {};

  private constructor(readonly stream: MediaStream) {
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.onlost());
      track.addEventListener("mute", () => this.onheld(true));
      track.addEventListener("unmute", () => this.onheld(false));
    }
  }

  /** Asks for the camera; or why there is none: "refused" by a person, "held" by another program, "none". */
  static async open(device: string | null): Promise<Eye | "refused" | "held" | "none"> {
    if (filmable() === null) return "none";
    try {
      const which = device === null ? { facingMode: "user" } : { deviceId: { exact: device } };
      return new Eye(await navigator.mediaDevices.getUserMedia({ video: { ...PICTURE, ...which } }));
    } catch (error) {
      return whyNot(error);
    }
  }

  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
  }
}

export function whyNot(error: unknown): "refused" | "held" | "none" {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "held" : "none";
}

export class Camera extends Airing<Eye> {
  readonly device = signal<string | null>(null); // the one that she chose
  readonly wanted = signal(false); // from the beginning of the lecture on
  readonly stream = signal<MediaStream | null>(null); // what the room sees, for herself
  #overfullAt = -Infinity;

  constructor(
    link: Link,
    lecture: string,
    epoch: () => number,
    readonly microphone: Broadcast,
  ) {
    super(link, lecture, epoch);
  }

  get isOn(): boolean {
    return this.state.value === "on" || this.state.value === "busy";
  }

  override async stop(state: AirState = "off"): Promise<void> {
    this.stream.value = null;
    await super.stop(state);
  }

  protected open(): Promise<Eye | AirState> {
    return Eye.open(this.device.value);
  }

  protected override opened({ stream }: Eye): void {
    this.stream.value = stream;
    this.#overfullAt = -Infinity;
  }

  protected record(take: Take, source: Eye, then: () => void): Recorder {
    take.beside = this.microphone.now;
    const more = { videoKeyFrameIntervalDuration: 2_000 }; // where a browser knows it
    return new Recorder(source, (slice) => take.add(slice, then), SLICE_MS, filmable()!, { videoBitsPerSecond: BITS, ...more });
  }

  protected about({ beside, began }: Take): { track: "camera"; beside: string; after_ms: number } {
    return { track: "camera", beside: beside?.name ?? "", after_ms: Math.max(0, Math.round(began - (beside?.began ?? began))) };
  }

  /** Not by itself again: who is seen has to know it. */
  protected lost(): void {
    void this.stop("unplugged");
  }

  protected held(held: boolean): void {
    if (held) void this.stop("held");
  }

  protected overfull(waiting: number): boolean {
    if (waiting <= MOST_WAITING) return false;
    const now = performance.now();
    if (now - this.#overfullAt < PATIENCE_MS) void this.stop("slow");
    this.#overfullAt = now;
    return this.source !== null;
  }

  /** The take that it was beside, or what packed it, is gone. */
  protected override gone(): void {
    const take = this.take;
    setTimeout(() => this.source !== null && this.take === take && this.begin(), AGAIN_MS);
  }

  protected override push(): void {
    const microphone = this.microphone.now;
    if (this.source !== null) {
      if (microphone === null || this.microphone.waiting.value) return; // the sound first
      if (this.take?.beside !== microphone) return this.begin();
    }
    super.push();
  }
}
