// The teacher's microphone in a session: recorded, uploaded while it runs, and put on the line to the pupil.
import { signal } from "@preact/signals";
import type { Room } from "./room";
import { LessonVoice, Microphone } from "./voice";

/** "unplugged": it was there and is gone; the board goes on, and it is tried again when a device comes. "held": by a
 * call, say; silence is recorded until it is ours again. */
export type MicState = "off" | "asking" | "on" | "held" | "refused" | "unplugged";

export class Lesson {
  readonly state = signal<MicState>("off");
  readonly #room: Room;
  #microphone: Microphone | null = null;
  #voice: LessonVoice | null = null;
  #unsaved: LessonVoice[] = []; // stopped, and not yet known to have arrived
  #saved: string[];

  constructor(room: Room) {
    this.#room = room;
    this.#saved = JSON.parse(sessionStorage.getItem(this.#key) ?? "[]") as string[];
  }

  level(): number {
    return this.#microphone?.level() ?? 0;
  }

  async start(): Promise<void> {
    if (this.#microphone !== null || this.state.value === "asking") return;
    this.state.value = "asking";
    const microphone = await Microphone.open();
    if (microphone === null) return void (this.state.value = "refused");
    this.#microphone = microphone;
    microphone.onlost = () => void this.#lost();
    microphone.onheld = (held) => {
      if (this.#microphone === microphone) this.state.value = held ? "held" : "on";
    };
    this.#voice = new LessonVoice(microphone, this.#room.id);
    this.state.value = "on";
    await this.#room.speak(microphone.stream.getAudioTracks()[0] ?? null);
  }

  async #lost(): Promise<void> {
    await this.stop();
    this.state.value = "unplugged";
    navigator.mediaDevices.addEventListener("devicechange", () => {
      if (this.state.value === "unplugged") void this.start();
    }, { once: true });
  }

  /** Stops recording; what was said until then is kept. */
  async stop(): Promise<void> {
    const microphone = this.#microphone;
    if (this.#voice !== null) this.#unsaved.push(this.#voice);
    this.#voice = null;
    this.#microphone = null;
    this.state.value = "off";
    await this.#room.speak(null);
    await Promise.all(this.#unsaved.map((voice) => voice.stopped()));
    microphone?.close();
  }

  /** Every recording of the session as media ids; throws when one could not be brought to the server. */
  async recordings(): Promise<string[]> {
    await this.stop();
    while (this.#unsaved.length > 0) {
      const id = await this.#unsaved[0]!.finish();
      this.#unsaved.shift();
      if (id !== null) this.#saved.push(id);
      sessionStorage.setItem(this.#key, JSON.stringify(this.#saved)); // a reload must not forget what was said
    }
    return this.#saved;
  }

  /** What has arrived, when the rest is given up. */
  get arrived(): string[] {
    return this.#saved;
  }

  get #key(): string {
    return `recordings ${this.#room.id}`;
  }
}
