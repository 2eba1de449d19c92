// The floor of a lecture's room: a pupil whose hand was taken is asked to speak, says yes here, and is heard by everybody.
// Nothing is recorded before the yes; whether the floor is still this page's, the server says at every slice.
import { signal, type Signal } from "@preact/signals";
import { Airing, type AirState, type Take } from "./air";
import { call } from "./api";
import { earsFor, type Ears } from "./hearing";
import { newId } from "./ids";
import type { Link } from "./link";
import type { CutFloor, FloorOpened, FloorView, HandPlace, RoomState, SayYes, SoundView, Spoken } from "./protocol";
import { Microphone, Recorder, liveType } from "./voice";

const SLICE_MS = 100;
const MOST_WAITING = 48 * 1024; // bytes: a quarter of a minute of speech; the room has gone on

/** A pupil's microphone, from the yes on. */
export class Speech extends Airing<Microphone> {
  constructor(
    link: Link,
    lecture: string,
    number: () => number, // of the floor
    readonly page: string,
    readonly agreed: () => Promise<void>,
    readonly onlost: () => void,
  ) {
    super(link, lecture, number);
  }

  level(): number {
    return this.source?.level() ?? 0;
  }

  /** Yes is said when there is something to speak into. */
  protected async open(): Promise<Microphone | AirState> {
    const microphone = liveType() === null ? null : await Microphone.open();
    if (microphone === null) return "refused";
    try {
      await this.agreed();
    } catch (error) {
      microphone.close();
      throw error;
    }
    return microphone;
  }

  protected record(take: Take, source: Microphone, then: () => void): Recorder {
    return new Recorder(source, (slice) => take.add(slice, then), SLICE_MS, liveType()!);
  }

  protected about(): { track: "voice"; beside: string } {
    return { track: "voice", beside: this.page };
  }

  protected held(held: boolean): void {
    this.state.value = held ? "held" : "on";
  }

  protected lost(): void {
    this.onlost();
  }

  protected overfull(waiting: number): boolean {
    return waiting > MOST_WAITING;
  }
}

export class Floor {
  readonly now: Signal<FloorView | null> = signal(null);
  readonly ended = signal(false); // what this page said is over, and not by its own hand
  readonly speech: Speech;
  readonly ears: Signal<Ears | null> = signal(null); // what hears a pupil who speaks
  readonly page = newId();
  #number = 0;
  #mayKeep = false;
  #rewound = false;

  constructor(
    link: Link,
    readonly id: string,
  ) {
    const agreed = async (): Promise<void> => {
      const body: SayYes = { page: this.page, may_keep: this.#mayKeep };
      this.#number = (await call<FloorOpened>("POST", `${this.#at}/yes`, body, newId())).number;
    };
    this.speech = new Speech(link, id, () => this.#number, this.page, agreed, () => void this.leave().catch(() => undefined));
  }

  get speaks(): boolean {
    return this.speech.state.value !== "off" && this.speech.state.value !== "refused" && this.speech.state.value !== "elsewhere";
  }

  /** Where a browser plays nothing by itself, what pupils say needs the same touch as the rest. */
  listens(sound: SoundView, startedAt: () => number): void {
    if (sound.voices !== null) this.ears.value ??= earsFor({ ...sound, playlist: sound.voices, picture: null }, startedAt);
    this.#hush();
  }

  hears(part: Spoken): void {
    if (this.now.peek()?.open) this.ears.peek()?.hears(part);
  }

  tune({ floor, state }: RoomState): void {
    const mine = this.#number;
    this.now.value = state === "live" ? floor : null;
    if (floor?.open && !this.speaks) this.ended.value = false;
    if (mine !== 0 && floor?.number !== mine) {
      this.#number = 0;
      this.ended.value = true;
      void this.speech.stop();
    }
    this.ears.peek()?.tune(floor?.open && mine === 0 ? floor.number : null, false);
    this.#hush();
    if (state === "over") this.ears.peek()?.close();
  }

  /** Something else is heard meanwhile. */
  rewind(on: boolean): void {
    this.#rewound = on;
    this.#hush();
  }

  /** What is cut off is silent at once, whatever is buffered. */
  #hush(): void {
    this.ears.peek()?.hush(this.#rewound || this.now.peek()?.open !== true);
  }

  /** Throws what kept it from being said; a microphone that says no is told by the state of the speech. */
  async yes(place: HandPlace): Promise<void> {
    this.#mayKeep = place.by_voice === "kept";
    this.ended.value = false;
    try {
      await this.speech.start();
    } catch (error) {
      await this.speech.stop();
      throw error;
    }
  }

  async leave(): Promise<void> {
    this.#number = 0;
    await this.speech.stop();
    await call("POST", `${this.#at}/leave`, {}, newId());
  }

  async cut(then: CutFloor["then"]): Promise<void> {
    await call("POST", `${this.#at}/cut`, { then }, newId());
  }

  frame(frame: Parameters<Speech["frame"]>[0]): void {
    this.speech.frame(frame);
    if (frame.frame === "spoken" && frame.lecture === this.id) this.hears(frame);
  }

  close(): void {
    void this.speech.stop();
    this.ears.peek()?.close();
  }

  get #at(): string {
    return `/api/lectures/${this.id}/floor`;
  }
}
