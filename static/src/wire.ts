// Voice over the socket, where no path between the two is found: what a recorder gives, played as it comes.
import { bytesOf, newId } from "./ids";
import { recordable } from "./voice";

const SLICE_MS = 200;
const BITS = 20_000; // bit/s: a socket that carries ink has room for it
const BEHIND_S = 1.2; // the listener jumps when so much has piled up, after a stall of the network
const CLOSE_S = 0.25; // to so far behind what came last
const KEPT_S = 10; // of what was played

/** A slice of a voice: `take` names the recording, whose slices are numbered from 0. */
export interface Slice {
  take: string;
  n: number;
  type: string;
  bytes: string; // base64
}

/** Records a track and hands over its slices, until it is closed. */
export class Speaking {
  readonly #recorder: MediaRecorder;
  #queue: Promise<void> = Promise.resolve();

  constructor(track: MediaStreamTrack, send: (slice: Slice) => void) {
    const take = newId();
    let n = 0;
    this.#recorder = new MediaRecorder(new MediaStream([track]), { mimeType: recordable()!, audioBitsPerSecond: BITS });
    this.#recorder.ondataavailable = ({ data }) => {
      if (data.size === 0) return;
      const number = n++;
      this.#queue = this.#queue.then(async () => send({ take, n: number, type: this.#recorder.mimeType, bytes: await base64(data) }));
    };
    this.#recorder.start(SLICE_MS);
  }

  static get possible(): boolean {
    return recordable() !== null;
  }

  close(): void {
    this.#recorder.ondataavailable = null;
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
  }
}

/** Plays slices on a loudspeaker; a slice that is lost ends the take, and the speaker is asked for a new one. */
export class Listening {
  #take = "";
  #next = 0;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #waiting: ArrayBuffer[] = [];

  constructor(
    readonly loudspeaker: HTMLAudioElement,
    readonly again: () => void,
  ) {}

  static plays(type: string): boolean {
    return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(type);
  }

  hears({ take, n, type, bytes }: Slice): void {
    if (n === 0 && take !== this.#take) this.#begin(take, type);
    if (take !== this.#take || n < this.#next) return; // of a take that is over, or twice
    if (n > this.#next) {
      this.#take = "";
      return this.again();
    }
    this.#next++;
    this.#waiting.push(unpacked(bytes));
    this.#append();
  }

  close(): void {
    this.#take = "";
    if (this.#source === null) return;
    this.#source = this.#buffer = null;
    this.#waiting = [];
    URL.revokeObjectURL(this.loudspeaker.src);
    this.loudspeaker.removeAttribute("src");
  }

  #begin(take: string, type: string): void {
    this.close();
    [this.#take, this.#next] = [take, 0];
    if (!Listening.plays(type)) return;
    const source = new MediaSource();
    this.#source = source;
    source.addEventListener("sourceopen", () => {
      if (source !== this.#source) return;
      const buffer = source.addSourceBuffer(type);
      buffer.mode = "sequence";
      buffer.addEventListener("updateend", () => this.#append());
      this.#buffer = buffer;
      this.#append();
    }, { once: true });
    this.loudspeaker.srcObject = null;
    this.loudspeaker.src = URL.createObjectURL(source);
  }

  #append(): void {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || this.#source?.readyState !== "open") return;
    this.#catchUp(buffer);
    if (buffer.updating) return;
    const slice = this.#waiting.shift();
    if (slice === undefined) return;
    try {
      buffer.appendBuffer(slice);
    } catch {
      this.#take = ""; // full or broken
      this.again();
    }
  }

  #catchUp(buffer: SourceBuffer): void {
    const { buffered } = buffer;
    if (buffered.length === 0) return;
    const end = buffered.end(buffered.length - 1);
    const speaker = this.loudspeaker;
    if (end - speaker.currentTime > BEHIND_S || speaker.currentTime < buffered.start(0)) speaker.currentTime = Math.max(buffered.start(0), end - CLOSE_S);
    if (speaker.currentTime - buffered.start(0) > 2 * KEPT_S) buffer.remove(buffered.start(0), speaker.currentTime - KEPT_S);
  }
}

async function base64(data: Blob): Promise<string> {
  const bytes = new Uint8Array(await bytesOf(data));
  return btoa(String.fromCharCode(...bytes)); // some hundred bytes each
}

function unpacked(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}
