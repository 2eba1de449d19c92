// The board: an append-only log of operations and the picture that replaying it gives; the same rules, and the same
// test vectors (tests/vectors/board.json), as server/domain/board.py.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { BoardLine } from "./protocol";

export const PAGE_WIDTH = 10_000;
export const MAX_ASPECT = 50_000;
export const MAX_TEXT = 500;

export type Point = [x: number, y: number, ms: number, pressure: number];
export type Tool = "pen" | "highlighter";

export interface Page {
  page: string;
  paper: "photo" | "blank";
  aspect: number;
  media?: string;
}

export interface Stroke {
  id: string;
  page: string;
  tool: Tool;
  color: string;
  width: number;
  points: Point[];
}

export interface Writing {
  id: string;
  page: string;
  x: number;
  y: number;
  text: string;
  color: string;
  size: number;
}

export type Mark = ({ kind: "stroke" } & Stroke | { kind: "text" } & Writing) & { author: string };

export interface Said {
  author: string;
  text: string;
  at_ms: number;
}

/** What the log amounts to so far. */
export class Board {
  seq = 0;
  current: string | null = null;
  pages = new Map<string, Page>();
  marks = new Map<string, Mark>(); // in log order
  said: Said[] = [];

  /** Puts one operation on the board; false when it was there already (a replay) or means nothing any more. */
  apply(line: BoardLine): boolean {
    if (line.seq <= this.seq) return false;
    this.seq = line.seq;
    switch (line.kind) {
      case "page":
        return this.#addPage(line.body as unknown as Page);
      case "turn":
        return this.#turn(line.body["page"] as string);
      case "stroke":
      case "text":
        return this.#mark({ ...line.body, kind: line.kind, author: line.author } as Mark);
      case "erase":
        return this.#erase(line.body["stroke"] as string, line.author);
      case "say":
        this.said.push({ author: line.author, text: line.body["text"] as string, at_ms: line.at_ms });
        return true;
      default:
        return true;
    }
  }

  /** A hash that two boards share exactly when they show the same (SHA-256 over canonical JSON). */
  digest(): string {
    const pages: [string, Page][] = [...this.pages];
    const shown = `{"current":${canonical(this.current)},"marks":${canonical([...this.marks.values()])},"pages":${members(
      pages,
    )},"said":${canonical(this.said)}}`;
    return bytesToHex(sha256(utf8ToBytes(shown)));
  }

  copy(): Board {
    const other = new Board();
    other.seq = this.seq;
    other.current = this.current;
    other.pages = new Map(this.pages);
    other.marks = new Map(this.marks);
    other.said = [...this.said];
    return other;
  }

  #addPage(page: Page): boolean {
    if (!this.pages.has(page.page)) this.pages.set(page.page, page);
    this.current = this.current ?? page.page;
    return true;
  }

  #turn(page: string): boolean {
    if (!this.pages.has(page)) return false;
    this.current = page;
    return true;
  }

  #mark(mark: Mark): boolean {
    if (!this.pages.has(mark.page) || this.marks.has(mark.id)) return false;
    this.marks.set(mark.id, mark);
    return true;
  }

  #erase(id: string, author: string): boolean {
    if (this.marks.get(id)?.author !== author) return false; // one erases one's own ink only
    return this.marks.delete(id);
  }
}

/** The board that a log gives, whatever order its lines arrive in and however often. */
export function replay(log: readonly BoardLine[]): Board {
  const board = new Board();
  const bySeq = new Map(log.map((line) => [line.seq, line]));
  for (const line of [...bySeq.values()].sort((a, b) => a.seq - b.seq)) board.apply(line);
  return board;
}

/** An operation of our own that the server has not confirmed yet. */
export interface Pending {
  id: string;
  kind: string;
  body: Record<string, unknown>;
}

/** The confirmed board, and on top of it what we did and the server has yet to confirm. */
export class Journal {
  board = new Board();
  readonly pending = new Map<string, Pending>();

  constructor(readonly author: string) {}

  load(log: readonly BoardLine[]): void {
    this.board = replay(log);
    for (const line of log) this.pending.delete(line.id);
  }

  confirm(line: BoardLine): void {
    this.pending.delete(line.id);
    this.board.apply(line);
  }

  /** What the person sees: nobody waits for the network to see their own ink. */
  shown(): Board {
    if (this.pending.size === 0) return this.board;
    const view = this.board.copy();
    for (const act of this.pending.values()) view.apply({ ...act, author: this.author, seq: view.seq + 1, at_ms: 0 });
    return view;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") return members(Object.entries(value));
  return JSON.stringify(value);
}

function members(entries: readonly [string, unknown][]): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(",")}}`;
}
