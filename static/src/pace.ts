// Ink held to the clock of the sound: what was drawn while something was said is seen when that is heard.
const LONGEST_MS = 2_500; // that anything is held: a sound that stopped must not hold the board
const LOOK_MS = 30;

interface Held {
  at: number;
  until: number;
  work: () => void;
}

export class Pace {
  #held: Held[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `heard` is the moment of the lecture that is heard just now, in ms; null when none is. `now` is a clock of this page. */
  constructor(
    readonly heard: () => number | null,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Does it when the moment `at` is heard; in the order in which it is asked for. */
  when(at: number, work: () => void): void {
    this.#held.push({ at, until: this.now() + LONGEST_MS, work });
    this.drain();
  }

  drain(): void {
    clearTimeout(this.#timer);
    const heard = this.heard();
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (heard !== null && first.at > heard && this.now() < first.until) break;
      this.#held.shift();
      first.work();
    }
    if (this.#held.length > 0) this.#timer = setTimeout(() => this.drain(), LOOK_MS);
  }

  /** A snapshot holds all of it. */
  clear(): void {
    this.#held = [];
    clearTimeout(this.#timer);
  }
}
