// The teacher's microphone in a session: recorded, uploaded while it runs, and put on the line to the pupil.
import { signal } from "@preact/signals";
import type { Room } from "./room";
import { SpeakingTab } from "./tabs";
import { LessonVoice, Microphone } from "./voice";

/** "unplugged": it was there and is gone; the board goes on, and it is tried again when a device comes. "held": by a
 * call, say; silence is recorded until it is ours again. "elsewhere": another tab of hers speaks, this one draws. */
export type MicState = "off" | "asking" | "on" | "held" | "refused" | "unplugged" | "elsewhere";

export class Lesson {
  readonly state = signal<MicState>("off");
  readonly #room: Room;
  readonly #tab: SpeakingTab;
  #opening: Promise<Microphone | null> | null = null;
  #microphone: Microphone | null = null;
  #voice: LessonVoice | null = null;
  #unsaved: LessonVoice[] = []; // stopped, and not yet known to have arrived
  #saved: string[];
  #saving: Promise<string[]> = Promise.resolve([]);
  #allSafe: (() => void) | null = null; // tells the other tabs

  constructor(room: Room) {
    this.#room = room;
    this.#saved = JSON.parse(sessionStorage.getItem(this.#key) ?? "[]") as string[];
    this.#tab = new SpeakingTab(room.id, () => this.#taken());
  }

  level(): number {
    return this.#microphone?.level() ?? 0;
  }

  /** Speaks, unless another tab does. */
  async enter(): Promise<void> {
    if (await this.#tab.join(() => this.#speaks())) this.#speaks();
    else this.state.value = "elsewhere";
  }

  /** Takes the voice from the tab that has it. */
  async take(): Promise<void> {
    if (this.#tab.isOurs) return;
    await this.#tab.take();
    this.#speaks();
  }

  /** The lesson is over, or is left: what was said is brought to the server, and the voice is another tab's. */
  async leave(): Promise<void> {
    const saved = this.#save();
    this.#tab.leave();
    await saved.catch(() => undefined); // what arrived until then is kept
  }

  #speaks(): void {
    if (this.state.value === "elsewhere") this.state.value = "off";
    this.#room.takeCall();
    if (this.#room.knows.value.session?.paused_at === null) void this.start();
  }

  #taken(): void {
    this.#room.leaveCall();
    void this.#save().catch(() => undefined); // what does not arrive now is tried again at the end
    this.state.value = "elsewhere";
    this.#tab.wait(() => this.#speaks());
  }

  async start(): Promise<void> {
    if (!this.#tab.isOurs || this.#microphone !== null || this.#opening !== null) return;
    this.state.value = "asking";
    const opening = (this.#opening = Microphone.open());
    const microphone = await opening;
    if (opening !== this.#opening) return microphone?.close(); // stopped meanwhile
    this.#opening = null;
    if (microphone === null) return void (this.state.value = "refused");
    this.#microphone = microphone;
    microphone.onlost = () => void this.#lost();
    microphone.onheld = (held) => {
      if (this.#microphone === microphone) this.state.value = held ? "held" : "on";
    };
    this.#allSafe ??= this.#tab.saving();
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
    this.#opening = null;
    this.#microphone = null;
    if (this.#tab.isOurs) this.state.value = "off";
    await this.#room.speak(null);
    await Promise.all(this.#unsaved.map((voice) => voice.stopped()));
    microphone?.close();
  }

  /** Every recording of this tab as media ids, when the other tabs' are safe too; throws when one could not be brought
   * to the server. */
  async recordings(): Promise<string[]> {
    await this.take(); // another tab stops then, and sends the rest
    const saved = await this.#save();
    await this.#tab.othersSaved();
    return saved;
  }

  #save(): Promise<string[]> {
    const stopped = this.stop();
    return (this.#saving = this.#saving.catch(() => []).then(() => stopped).then(() => this.#bring()));
  }

  async #bring(): Promise<string[]> {
    while (this.#unsaved.length > 0) {
      const id = await this.#unsaved[0]!.finish();
      this.#unsaved.shift();
      if (id !== null) this.#saved.push(id);
      sessionStorage.setItem(this.#key, JSON.stringify(this.#saved)); // a reload must not forget what was said
    }
    this.#allSafe?.();
    this.#allSafe = null;
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
