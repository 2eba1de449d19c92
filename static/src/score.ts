// A board's log as a score to be played: what is on the board at a moment, its chapters, and where somebody was lost.
import { Board, type Point, type Stroke } from "./board";
import type { BoardLine } from "./protocol";

const LEAD_MS = 500; // before the first mark, as in the video
const TAIL_MS = 1_500; // after the last
const CALM_MS = 400; // pages turned over quicker than this are passed by

export interface Chapter {
  at: number; // ms of the session
  page: string;
  number: number; // of the page, as the board counts
}

export class Score {
  chapters: readonly Chapter[] = [];
  lost: readonly number[] = [];
  /** From the first mark to the last, in ms of the session: what is worth playing when nobody speaks. */
  begins = 0;
  ends = 0;
  #lines: readonly BoardLine[] = [];
  #longest = 0; // ms that a stroke takes: so far ahead of its line in the log it may have begun
  #board = new Board();
  #next = 0;
  #live: ReadonlyMap<string, Stroke> = new Map();

  constructor(log: readonly BoardLine[]) {
    this.grow(log);
  }

  /** The number of its last line. */
  get seq(): number {
    return this.#lines[this.#lines.length - 1]?.seq ?? 0;
  }

  /** Lines that came since; those that are known are passed over. */
  grow(log: readonly BoardLine[]): void {
    const known = this.seq;
    this.#lines = [...this.#lines, ...log.filter(({ seq }) => seq > known).sort((a, b) => a.seq - b.seq)];
    this.#longest = Math.max(0, ...this.#lines.map(lasts));
    const marks = this.#lines.filter(({ kind, id }) => !["page", "turn"].includes(kind) && !id.startsWith("first-"));
    this.begins = Math.max(0, Math.min(...marks.map((line) => line.at_ms - lasts(line)), Infinity) - LEAD_MS);
    if (!Number.isFinite(this.begins)) this.begins = 0;
    this.ends = Math.max(this.begins + 1_000, ...this.#lines.map(({ at_ms }) => at_ms + TAIL_MS));
    this.chapters = chaptersOf(this.#lines);
    this.lost = this.#lines.filter(({ kind }) => kind === "lost").map(({ at_ms }) => at_ms);
  }

  /** The board at this moment, and the strokes that are being drawn; the same objects as long as nothing changes. */
  at(now: number): { board: Board; live: ReadonlyMap<string, Stroke> } {
    let moved = false;
    if (this.#next > 0 && this.#lines[this.#next - 1]!.at_ms > now) {
      this.#board = new Board();
      this.#next = 0;
      moved = true;
    }
    for (let line = this.#lines[this.#next]; line !== undefined && line.at_ms <= now; line = this.#lines[++this.#next]) {
      this.#board.apply(line);
      moved = true;
    }
    if (moved) this.#board = this.#board.copy(); // a new object tells the page
    this.#grow(now);
    return { board: this.#board, live: this.#live };
  }

  #grow(now: number): void {
    const growing = new Map<string, Stroke>();
    for (let n = this.#next; n < this.#lines.length && this.#lines[n]!.at_ms <= now + this.#longest; n++) {
      const line = this.#lines[n]!;
      if (line.kind !== "stroke") continue;
      const down = line.at_ms - lasts(line);
      const points = (line.body["points"] as Point[]).filter(([, , ms]) => down + ms <= now);
      if (points.length > 0) growing.set(String(line.body["id"]), { ...(line.body as unknown as Stroke), points });
    }
    const same = growing.size === this.#live.size && [...growing].every(([id, { points }]) => this.#live.get(id)?.points.length === points.length);
    if (!same) this.#live = growing;
  }
}

/** How long a stroke was drawn before it entered the log, when the pen lifted. */
function lasts(line: BoardLine): number {
  if (line.kind !== "stroke") return 0;
  const points = line.body["points"] as Point[];
  return points[points.length - 1]?.[2] ?? 0;
}

/** A chapter each time another page comes to lie on top, and stays there. */
function chaptersOf(lines: readonly BoardLine[]): Chapter[] {
  const pages: string[] = [];
  const found: Chapter[] = [];
  for (const { kind, body, at_ms } of lines) {
    const page = String(body["page"] ?? "");
    const isNew = kind === "page" && !pages.includes(page);
    if (isNew) pages.push(page);
    const shown = kind === "turn" && pages.includes(page) || isNew && pages.length === 1;
    if (!shown || found[found.length - 1]?.page === page) continue;
    if (found.length > 0 && at_ms - found[found.length - 1]!.at < CALM_MS) found.pop();
    if (found[found.length - 1]?.page !== page) found.push({ at: at_ms, page, number: pages.indexOf(page) + 1 });
  }
  return found;
}
