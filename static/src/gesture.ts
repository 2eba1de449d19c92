// Pens, fingers and mice -> strokes, pans and pinches. Knows no canvas and no network.
import type { Point } from "./board";

/** A pointer where it is, in CSS pixels of the board. */
export interface Touch {
  id: number;
  type: string; // "pen", "touch" or "mouse"
  x: number;
  y: number;
  pressure: number; // 0 to 1
  at: number; // milliseconds
}

export type Mode = "draw" | "write" | "move" | "still"; // still: a pen that was put away

export interface Listener {
  begin(touch: Touch): void;
  extend(touches: Touch[]): void;
  end(): void;
  cancel(): void;
  tap(touch: Touch): void;
  move(dx: number, dy: number): void;
  pinch(factor: number, x: number, y: number): void;
  fit(): void; // tapped twice
}

const SECOND_FINGER_MS = 250; // a second finger so soon after the first means a pinch, not a stroke
const TAP_PX = 8;
const TWICE_MS = 350; // from the first tap's end to the second's
const TWICE_PX = 30;

/** While a pen has been seen, fingers only move the page: a resting palm draws nothing. */
export class Hand {
  mode: Mode = "draw";
  penSeen = false;
  readonly #listener: Listener;
  readonly #down = new Map<number, Touch>();
  #drawing: Touch | null = null; // the pointer that draws, as it came down
  #tapping: Touch | null = null;
  #resting: Touch | null = null; // a pointer that neither draws nor writes, as it came down
  #tapped: Touch | null = null; // its last tap

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  press(touch: Touch): void {
    if (touch.type === "pen") {
      this.penSeen = true;
      this.#dropFingers();
    }
    if (this.#drawing !== null && this.#drawing.type !== "touch") return; // the palm beside a pen at work
    this.#down.set(touch.id, touch);
    if (this.#down.size > 1) return this.#second(touch);
    if (this.mode === "draw" && this.#mayDraw(touch)) {
      this.#drawing = touch;
      this.#listener.begin(touch);
    } else if (this.mode === "write") {
      this.#tapping = touch;
    } else {
      this.#resting = touch;
    }
  }

  drag(touches: Touch[]): void {
    const last = touches[touches.length - 1];
    const before = last && this.#down.get(last.id);
    if (last === undefined || before === undefined) return;
    if (this.#drawing?.id === last.id) this.#listener.extend(touches);
    else if (this.#drawing === null) this.#moveFrom(before, last);
    this.#down.set(last.id, last);
  }

  lift(id: number, at: number): void {
    const last = this.#down.get(id);
    this.#down.delete(id);
    if (this.#drawing?.id === id) {
      this.#drawing = null;
      this.#listener.end();
    }
    if (last && this.#tapping?.id === id && distance(last, this.#tapping) < TAP_PX) this.#listener.tap(last);
    if (this.#tapping?.id === id) this.#tapping = null;
    if (last && this.#resting?.id === id && distance(last, this.#resting) < TAP_PX) this.#rested({ ...last, at });
    if (this.#resting?.id === id) this.#resting = null;
  }

  #rested(tap: Touch): void {
    const before = this.#tapped;
    this.#tapped = tap;
    if (before === null || tap.at - before.at > TWICE_MS || distance(tap, before) > TWICE_PX) return;
    this.#tapped = null;
    this.#listener.fit();
  }

  lose(id: number): void {
    this.#down.delete(id);
    if (this.#tapping?.id === id) this.#tapping = null;
    if (this.#drawing?.id !== id) return;
    this.#drawing = null;
    this.#listener.end(); // what was drawn until then is kept
  }

  #mayDraw(touch: Touch): boolean {
    return touch.type !== "touch" || !this.penSeen;
  }

  #second(touch: Touch): void {
    this.#tapping = null;
    this.#resting = null;
    if (this.#drawing === null) return;
    if (touch.at - this.#drawing.at < SECOND_FINGER_MS) this.#listener.cancel();
    else this.#listener.end();
    this.#drawing = null;
  }

  /** A palm that came before its pen draws nothing, and pinches nothing with it. */
  #dropFingers(): void {
    if (this.#drawing !== null) this.#listener.cancel();
    this.#drawing = null;
    this.#down.clear();
  }

  #moveFrom(before: Touch, now: Touch): void {
    const other = [...this.#down.values()].find(({ id }) => id !== now.id);
    if (other === undefined) {
      if (this.mode === "still") return;
      if (this.mode === "write" && this.#tapping !== null && distance(now, this.#tapping) < TAP_PX) return;
      return this.#listener.move(now.x - before.x, now.y - before.y);
    }
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.#listener.move((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.#listener.pinch(distance(now, other) / Math.max(1, distance(before, other)), middle.x, middle.y);
  }
}

const distance = (a: { x: number; y: number }, b: { x: number; y: number }): number => Math.hypot(a.x - b.x, a.y - b.y);

/** A touch as a stroke's point: whole units of the page, time since pen-down that never runs back. */
export function pointOf(touch: Touch, view: { scale: number; x: number; y: number }, aspect: number, beganAt: number, last: Point | null): Point {
  const x = clamp((touch.x - view.x) / view.scale, 0, 10_000);
  const y = clamp((touch.y - view.y) / view.scale, 0, aspect);
  const ms = Math.max(last?.[2] ?? 0, Math.min(600_000, Math.round(touch.at - beganAt)));
  return [Math.round(x), Math.round(y), ms, Math.round(clamp(touch.pressure, 0, 1) * 1000)];
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
