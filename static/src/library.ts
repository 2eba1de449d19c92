// The doors of the library (server/web/library.py), and what a player has played since it last told.
import { call } from "./api";
import { newId } from "./ids";
import type { LessonPage, Library, LibraryFigures, QuizResult, Span, Stage, Subject } from "./protocol";

export interface Search {
  subject: Subject | "";
  stage: Stage | "";
  grade: number; // 0: any
  book: string;
  chapter: string;
  series: string;
  words: string;
}

export const NOTHING: Search = { subject: "", stage: "", grade: 0, book: "", chapter: "", series: "", words: "" };

export function queryOf({ grade, words, ...named }: Search, skip = 0): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(named)) if (value !== "") query.set(name, value);
  if (grade > 0) query.set("grade", String(grade));
  if (words.trim() !== "") query.set("words", words.trim());
  if (skip > 0) query.set("skip", String(skip));
  return query.toString();
}

export const find = (search: Search, skip = 0): Promise<Library> => call("GET", `/api/library?${queryOf(search, skip)}`);
export const lesson = (id: string): Promise<LessonPage> => call("GET", `/api/library/${id}`);
export const played = (id: string, spans: readonly Span[]): Promise<unknown> => call("POST", `/api/library/${id}/watched`, { spans: [...spans] }, newId());
export const answerQuiz = (id: string, options: readonly number[]): Promise<QuizResult> => call("POST", `/api/library/${id}/quiz`, { options: [...options] }, newId());
export const figures = (): Promise<LibraryFigures> => call("GET", "/api/library/figures");
export const show = (id: string, shown: boolean): Promise<unknown> => call("POST", `/api/library/${id}/shown`, { shown }, newId());

const LEAP_MS = 2_500; // players tell their time four times a second; what is more is a leap of the reader's

/** What was played, as spans, from the times that a player tells. */
export class Played {
  #spans: Span[] = [];
  #at: number | null = null;

  /** The player is at this moment, and playing. */
  tick(ms: number): void {
    const last = this.#spans[this.#spans.length - 1];
    const goesOn = this.#at !== null && ms >= this.#at && ms - this.#at <= LEAP_MS;
    if (goesOn && last !== undefined && last.to_ms === this.#at) last.to_ms = ms;
    else if (goesOn && ms > this.#at!) this.#spans.push({ from_ms: this.#at!, to_ms: ms });
    this.#at = ms;
  }

  /** It leapt or stopped: what comes next is another span. */
  breakOff(): void {
    this.#at = null;
  }

  /** All since the last time, which is then told; `untold` puts it back where telling failed. */
  take(): Span[] {
    const spans = this.#spans.filter(({ from_ms, to_ms }) => to_ms > from_ms);
    this.#spans = [];
    return spans;
  }

  untold(spans: readonly Span[]): void {
    this.#spans = [...spans.map((span) => ({ ...span })), ...this.#spans].slice(-100);
  }
}
