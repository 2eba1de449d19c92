// Calling a person's attention: the page's title, a sound, a vibration. No vendor's push server is needed for these.
import { signal } from "@preact/signals";
import { recall, remember } from "./memory";

export const muted = signal(recall("muted") === "1");

const TUNES = {
  turn: [659, 784, 988], // to the pupil: it is your turn
  offer: [784, 659, 784, 988], // to the teacher: a question
  done: [523, 784],
} as const;
const NOTE_S = 0.16;

let context: AudioContext | null = null;
let touched = false; // before that a browser neither shakes nor sounds
let title: string | null = null;
let flashing: ReturnType<typeof setInterval> | undefined;

/** Browsers let a page sound only after a touch: the first one opens the way. */
export function listenForTouch(): void {
  const unlock = (): void => {
    touched = true;
    context ??= typeof AudioContext === "undefined" ? null : new AudioContext();
    if (context?.state === "suspended") void context.resume();
  };
  addEventListener("pointerdown", unlock);
  addEventListener("keydown", unlock);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && calm());
}

export function setMuted(on: boolean): void {
  muted.value = on;
  remember("muted", on ? "1" : "0");
}

/** Sounds, shakes, and says it in the title until somebody looks. */
export function ring(tune: keyof typeof TUNES, words: string): void {
  if (!muted.value) play(TUNES[tune]);
  if ("vibrate" in navigator && touched) navigator.vibrate([200, 100, 200]);
  flash(words);
}

export function calm(): void {
  clearInterval(flashing);
  flashing = undefined;
  if (title !== null) document.title = title;
  title = null;
}

function flash(words: string): void {
  calm();
  title = document.title;
  const plain = title;
  document.title = words;
  if (document.visibilityState === "visible") return void setTimeout(calm, 4_000);
  flashing = setInterval(() => (document.title = document.title === words ? plain : words), 1_000);
}

function play(notes: readonly number[]): void {
  if (context === null || context.state !== "running") return;
  notes.forEach((frequency, n) => {
    const from = context!.currentTime + n * NOTE_S;
    const tone = context!.createOscillator();
    const volume = context!.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, from);
    volume.gain.exponentialRampToValueAtTime(0.25, from + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + NOTE_S * 1.6);
    tone.connect(volume).connect(context!.destination);
    tone.start(from);
    tone.stop(from + NOTE_S * 1.7);
  });
}
