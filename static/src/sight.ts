// Whether this page looks at the lecturer's camera: only who wants it is sent it, and a slow network goes without it.
import { effect, signal, type Signal } from "@preact/signals";
import type { Ears } from "./hearing";
import type { Link } from "./link";
import { recall, remember } from "./memory";
import type { Picture, PictureChannel, RoomSnapshot, RoomState, Sound } from "./protocol";
import { screenFor, type Screen } from "./screen";
import { Thrift, saves } from "./thrift";

const REMEMBERED = "pictures";

export class Sight {
  readonly wants = signal(recall(REMEMBERED) !== "no" && !saves((navigator as unknown as { connection?: object }).connection));
  readonly slow = signal(false); // it was left out by itself
  readonly isOn = signal(false); // her camera is
  readonly screen: Signal<Screen | null> = signal(null);
  readonly able = signal(true); // this browser can show it
  readonly #thrift = new Thrift();
  readonly #sound = new Thrift();
  readonly #stop: () => void;
  #view: RoomSnapshot | null = null;
  #watched: PictureChannel | null = null;

  /** `fresh` loads the point from which to listen anew. */
  constructor(
    readonly link: Link,
    readonly ears: () => Ears | null,
    readonly fresh: () => Promise<PictureChannel | null>,
  ) {
    this.#stop = effect(() => this.#look(this.wants.value && this.isOn.value));
  }

  take(snapshot: RoomSnapshot): void {
    if (snapshot.me !== "lecturer") this.#view = snapshot;
    this.tune(snapshot.room);
    this.#look(this.wants.value && this.isOn.value);
  }

  tune({ take, state }: RoomState): void {
    this.isOn.value = state === "live" && take?.picture === true;
  }

  /** By hand: it stays as it is said, here and in the next lecture. */
  want(wanted: boolean): void {
    remember(REMEMBERED, wanted ? null : "no");
    this.slow.value = false;
    this.wants.value = wanted;
  }

  sees(part: Picture): void {
    this.screen.value?.sees(part);
    this.#weigh(part, true);
  }

  hears(part: Sound): void {
    this.#weigh(part, false);
  }

  close(): void {
    this.#stop();
    this.#look(false);
  }

  #weigh(part: Picture | Sound, pictured: boolean): void {
    if (this.#watched === null) return;
    const heard = this.ears()?.at ?? null;
    const late = heard !== null && part.at_ms < heard - 1_000;
    if (!(pictured ? this.#thrift : this.#sound).came(part, late, performance.now())) return;
    this.slow.value = true;
    this.wants.value = false;
  }

  #look(look: boolean): void {
    const view = this.#view;
    if (look && this.screen.peek() === null && view?.sound?.picture) {
      this.screen.value = screenFor(view.sound.picture, this.ears());
      this.able.value = this.screen.peek() !== null;
      const { pictures } = view;
      if (pictures === null || this.screen.peek() === null) return;
      this.#thrift.forget();
      this.#sound.forget();
      this.#watched = pictures;
      let first = true;
      this.link.watch(pictures.channel, {
        load: async () => {
          const position = first ? pictures : ((await this.fresh()) ?? pictures);
          first = false;
          return position;
        },
        event: () => undefined,
      });
    }
    if (!look && this.screen.peek() !== null) {
      if (this.#watched !== null) this.link.unwatch(this.#watched.channel);
      this.#watched = null;
      this.screen.peek()?.close();
      this.screen.value = null;
    }
  }
}
