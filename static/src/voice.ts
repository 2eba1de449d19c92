// The microphone: what this browser can record, how loud it is, a note to send, and a lesson sent while it is spoken.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { bytesOf } from "./ids";
import type { StartUpload } from "./protocol";
import { Addresses, complete, look, putPart, start } from "./upload";

const CAN_RECORD = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const CAN_STREAM = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4"]; // the shortest pieces first
const SLICE_MS = 500;
const PART_MS = 1_000; // with a slice in the recorder and a part on its way, a crash loses less than two seconds
const PART_BYTES = 400 * 1024; // with one more slice still below a part of 512 KiB
const AHEAD = 60; // addresses asked for at a time
const VOICE_BITS = 24_000; // bit/s of one who speaks
export const LONGEST_NOTE_MS = 5 * 60_000;

export function recordable(): string | null {
  if (typeof MediaRecorder === "undefined" || !navigator.mediaDevices) return null;
  return CAN_RECORD.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** What it records for listeners who wait for it. */
export function liveType(): string | null {
  if (typeof MediaRecorder === "undefined" || !navigator.mediaDevices) return null;
  return CAN_STREAM.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** A device that is recorded. */
export interface Source {
  readonly stream: MediaStream;
  /** It was unplugged, or another program took it. */
  onlost: () => void;
  /** A call came in, or the system holds it for something else; or it is ours again. */
  onheld: (held: boolean) => void;
  close(): void;
}

/** An open microphone with its level, from 0 to 1. */
export class Microphone implements Source {
  readonly #context: AudioContext | null;
  readonly #analyser: AnalyserNode | null;
  readonly #samples = new Uint8Array(2_048); // all that the analyser keeps, some 40 ms: a shorter look misses syllables
  onlost: () => void = () => {};
  onheld: (held: boolean) => void = () => {};

  private constructor(readonly stream: MediaStream) {
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.onlost());
      track.addEventListener("mute", () => this.onheld(true));
      track.addEventListener("unmute", () => this.onheld(false));
    }
    this.#context = typeof AudioContext === "undefined" ? null : new AudioContext();
    this.#analyser = this.#context?.createAnalyser() ?? null;
    if (this.#context && this.#analyser) this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  /** Asks for the microphone; null when the person or the device says no. */
  static async open(): Promise<Microphone | null> {
    if (recordable() === null) return null;
    try {
      const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      return new Microphone(await navigator.mediaDevices.getUserMedia({ audio }));
    } catch {
      return null;
    }
  }

  level(): number {
    if (!this.#analyser) return 0;
    this.#analyser.getByteTimeDomainData(this.#samples);
    const loudest = this.#samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0);
    return Math.min(1, loudest / 90);
  }

  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
    if (this.#context?.state !== "closed") void this.#context?.close();
  }
}

/** Records slices in order; `stop` resolves after the last one was handed over. */
export class Recorder {
  readonly type: string;
  readonly #recorder: MediaRecorder;
  readonly #stopped: Promise<void>;

  constructor({ stream }: Pick<Source, "stream">, slice: (blob: Blob) => void, every = SLICE_MS, mimeType = recordable()!, bits: MediaRecorderOptions = { audioBitsPerSecond: VOICE_BITS }) {
    this.#recorder = new MediaRecorder(stream, { mimeType, ...bits });
    this.#recorder.ondataavailable = ({ data }) => data.size > 0 && slice(data);
    this.#stopped = new Promise((resolve) => (this.#recorder.onstop = () => resolve()));
    this.#recorder.start(every);
    this.type = this.#recorder.mimeType || mimeType; // the browser's own word for what it records
  }

  /** A recorder whose microphone was unplugged has stopped by itself, and may still have a last slice to give. */
  stop(): Promise<void> {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    return this.#stopped;
  }
}

/** A lesson's voice, uploaded while it is recorded, so that a closed tab loses seconds and not the lesson. */
export class LessonVoice {
  readonly #recorder: Recorder;
  readonly #began = performance.now();
  readonly #session: string;
  readonly #parts: Blob[] = []; // all of them, small as speech is: a lost connection sends again what did not arrive
  #upload: { id: string; addresses: Addresses } | null = null;
  #sent = 0; // parts known to have arrived
  #waiting: Blob[] = [];
  #waitingBytes = 0;
  #cutAt = 0;
  #sending: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(microphone: Microphone, session: string) {
    this.#session = session;
    this.#recorder = new Recorder(microphone, (slice) => this.#take(slice));
    void this.#push().catch(() => undefined); // tried again with the next part
  }

  /** Whatever the clock of this device says, and however late the server hears of it. */
  get #ago(): number {
    return Math.round(performance.now() - this.#began);
  }

  /** The microphone may be closed after this. */
  stopped(): Promise<void> {
    return (this.#stopped ??= this.#recorder.stop().then(() => this.#cut()));
  }

  /** Ends the recording; its media id, or null when nothing was recorded. Throws what kept it from arriving. */
  async finish(): Promise<string | null> {
    await this.stopped();
    if (this.#parts.length === 0) return null;
    await this.#sending?.catch(() => undefined);
    await this.#push();
    await this.#mend();
    const hash = sha256.create();
    let size = 0;
    for (const part of this.#parts) {
      hash.update(new Uint8Array(await bytesOf(part)));
      size += part.size;
    }
    return (await complete(this.#upload!.id, { parts: this.#parts.length, size, sha256: bytesToHex(hash.digest()) })).id;
  }

  /** Sends again what a store took and has not got. */
  async #mend(): Promise<void> {
    const { id, addresses } = this.#upload!;
    const arrived = new Set((await look(id)).arrived);
    for (const [n, part] of this.#parts.entries()) if (!arrived.has(n)) await putPart(addresses, n, part);
  }

  /** A part is what was said in a second; behind a slow network it is what was said while the last one was sent. */
  #take(slice: Blob): void {
    this.#waiting.push(slice);
    this.#waitingBytes += slice.size;
    const due = this.#sending === null && performance.now() - this.#cutAt >= PART_MS - SLICE_MS / 2;
    if (due || this.#waitingBytes >= PART_BYTES) this.#cut();
  }

  #cut(): void {
    this.#cutAt = performance.now();
    if (this.#waitingBytes === 0) return;
    this.#parts.push(new Blob(this.#waiting));
    this.#waiting = [];
    this.#waitingBytes = 0;
    void this.#push().catch(() => undefined);
  }

  /** Sends what is there, one part after the other; who comes while it runs waits for the same run. */
  #push(): Promise<void> {
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
    return this.#sending;
  }

  async #send(): Promise<void> {
    this.#upload ??= await begun({ kind: "recording", content_type: this.#recorder.type, session_id: this.#session, ago_ms: this.#ago });
    while (this.#sent < this.#parts.length) {
      await putPart(this.#upload.addresses, this.#sent, this.#parts[this.#sent]!);
      this.#sent++;
    }
  }
}

async function begun(body: StartUpload): Promise<{ id: string; addresses: Addresses }> {
  const { id } = await start(body);
  return { id, addresses: new Addresses(id, AHEAD) };
}
