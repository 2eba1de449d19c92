// The board: an append-only log of operations and the picture that replaying it gives; the same rules, and the same
// test vectors (tests/vectors/board.json), as server/domain/board.py.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { BoardLine } from "./protocol";

export const PAGE_WIDTH = 10_000;
export const MAX_ASPECT = 50_000;
export const MAX_TEXT = 500;
export const MAX_TEX = 300;
export const MAX_CORNERS = 20;
export const MAX_PAGES = 60;

export type Point = [x: number, y: number, ms: number, pressure: number];
export type Place = [x: number, y: number];
export type Tool = "pen" | "highlighter" | "laser";
export type Paper = "photo" | "blank" | "squared" | "lined" | "axes" | "staff";
export type ShapeName = "line" | "arrow" | "rectangle" | "ellipse" | "polygon" | "numberline" | "axes" | "arc" | "angle" | "mask";

export interface Page {
  page: string;
  paper: Paper;
  aspect: number;
  media?: string;
  quarter?: number; // turns to the right that the photo took
  crop?: [Place, Place]; // of the turned photo, in ten-thousandths: opposite corners of what is shown
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

/** Typed LaTeX. */
export interface Formula {
  id: string;
  page: string;
  x: number;
  y: number;
  tex: string;
  color: string;
  size: number;
}

/** What it looks like says figure.ts. */
export interface Shape {
  id: string;
  page: string;
  shape: ShapeName;
  color: string;
  width: number;
  dashed: boolean;
  points: Place[];
  sweep?: number; // of an arc, in tenths of a degree
  low?: number; // of a number line
  high?: number; // of a number line or of axes
}

export type Mark = ({ kind: "stroke" } & Stroke | { kind: "text" } & Writing | { kind: "shape" } & Shape | { kind: "formula" } & Formula) & { author: string };

export interface Said {
  author: string;
  text: string;
  at_ms: number;
}

/** A whole board as JSON, to be gone on from with the operations after `seq`. */
export interface Snapshot {
  seq: number;
  current: string | null;
  locked: boolean;
  pages: unknown[];
  marks: unknown[];
  said: unknown[];
}

/** What the log amounts to so far. */
export class Board {
  seq = 0;
  current: string | null = null;
  locked = false; // the pupil's pen
  pages = new Map<string, Page>(); // in the order in which they are leafed through
  marks = new Map<string, Mark>(); // in log order
  said: Said[] = [];

  /** The board that gave the snapshot. */
  static restored(snapshot: Snapshot): Board {
    const board = new Board();
    board.seq = snapshot.seq;
    board.current = snapshot.current;
    board.locked = snapshot.locked;
    board.pages = new Map((snapshot.pages as Page[]).map((page) => [page.page, page]));
    board.marks = new Map((snapshot.marks as Record<string, unknown>[]).map(opened).map((mark) => [mark["id"] as string, mark as unknown as Mark]));
    board.said = snapshot.said as Said[];
    return board;
  }

  /** Puts one operation on the board; false when it was there already (a replay) or means nothing any more. */
  apply(line: BoardLine): boolean {
    if (line.seq <= this.seq) return false;
    this.seq = line.seq;
    const body = opened(line.body);
    switch (line.kind) {
      case "page":
        return this.#addPage(body as unknown as Page);
      case "frame":
        return this.#frame(body as unknown as Page);
      case "turn":
        return this.#turn(body["page"] as string);
      case "order":
        return this.#order(body["page"] as string, body["to"] as number);
      case "lock":
        this.locked = body["locked"] as boolean;
        return true;
      case "stroke":
      case "text":
      case "shape":
      case "formula":
        if (body["tool"] === "laser") return false; // it showed something while it lasted
        return this.#mark({ ...body, kind: line.kind, author: line.author } as Mark);
      case "erase":
        return this.#erase(body["stroke"] as string, line.author);
      case "say":
        this.said.push({ author: line.author, text: body["text"] as string, at_ms: line.at_ms });
        return true;
      default:
        return true;
    }
  }

  /** A hash that two boards share exactly when they show the same (SHA-256 over canonical JSON). */
  digest(): string {
    const hashes = canonical([...this.marks.values()].map(hashOf));
    const shown = `{"current":${canonical(this.current)},"locked":${this.locked},"marks":${hashes},"order":${canonical([
      ...this.pages.keys(),
    ])},"pages":${members([...this.pages])},"said":${canonical(this.said)}}`;
    return hashed(shown);
  }

  /** Hashes marks for so many milliseconds, ahead of `digest`; true when none is left. */
  hashed(forMs: number): boolean {
    const until = performance.now() + forMs;
    for (const mark of this.marks.values()) {
      if (hashes.has(mark)) continue;
      if (performance.now() > until) return false;
      hashOf(mark);
    }
    return true;
  }

  copy(): Board {
    const other = new Board();
    other.seq = this.seq;
    other.current = this.current;
    other.locked = this.locked;
    other.pages = new Map(this.pages);
    other.marks = new Map(this.marks);
    other.said = [...this.said];
    return other;
  }

  /** Another object with the same insides: it tells whoever watches that something changed, at no cost. */
  seen(): Board {
    return Object.assign(new Board(), { seq: this.seq, current: this.current, locked: this.locked, pages: this.pages, marks: this.marks, said: this.said });
  }

  #addPage(page: Page): boolean {
    if (this.pages.size >= MAX_PAGES) return false;
    if (!this.pages.has(page.page)) this.pages.set(page.page, page);
    this.current = this.current ?? page.page;
    return true;
  }

  /** A photo is turned and cut only while nothing lies on it: marks would lie beside what they mark. */
  #frame({ page, quarter, crop, aspect }: Page): boolean {
    const known = this.pages.get(page);
    if (known?.paper !== "photo" || !this.isBare(page)) return false;
    this.pages.set(page, { ...known, quarter: quarter!, crop: crop!, aspect });
    return true;
  }

  isBare(page: string): boolean {
    for (const mark of this.marks.values()) if (mark.page === page) return false;
    return true;
  }

  #turn(page: string): boolean {
    if (!this.pages.has(page)) return false;
    this.current = page;
    return true;
  }

  #order(page: string, to: number): boolean {
    if (!this.pages.has(page)) return false;
    const names = [...this.pages.keys()].filter((name) => name !== page);
    names.splice(to, 0, page);
    this.pages = new Map(names.map((name) => [name, this.pages.get(name)!]));
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

/**
 * The confirmed board, and on top of it what we did and the server has yet to confirm. Both grow by what happens alone:
 * a full board costs no more with each stroke than an empty one.
 */
export class Journal {
  board = new Board();
  readonly pending = new Map<string, Pending>();
  #view: Board = this.board; // with what is pending; the board itself while nothing is

  constructor(readonly author: string) {}

  load(log: readonly BoardLine[], snapshot: Snapshot | null = null): void {
    this.board = snapshot === null ? new Board() : Board.restored(snapshot);
    for (const line of [...log].sort((a, b) => a.seq - b.seq)) this.board.apply(line);
    for (const line of log) this.pending.delete(line.id);
    for (const act of this.pending.values()) if (this.board.marks.has(act.body["id"] as string)) this.pending.delete(act.id); // in the snapshot
    this.#again();
  }

  act(pending: Pending): void {
    this.pending.set(pending.id, pending);
    if (this.#view === this.board) this.#view = this.board.copy();
    this.#put(pending);
  }

  /** It was refused, so it never was. */
  drop(id: string): void {
    if (this.pending.delete(id)) this.#again();
  }

  confirm(line: BoardLine): void {
    const ours = this.pending.delete(line.id);
    this.board.apply(line);
    if (this.pending.size === 0) this.#view = this.board;
    else if (!ours) this.#view.apply({ ...line, seq: this.#view.seq + 1 }); // above what is pending, until that is confirmed
  }

  /** What the person sees: nobody waits for the network to see their own ink. */
  shown(): Board {
    return this.#view;
  }

  #again(): void {
    this.#view = this.pending.size === 0 ? this.board : this.board.copy();
    for (const act of this.pending.values()) this.#put(act);
  }

  #put(act: Pending): void {
    this.#view.apply({ ...act, author: this.author, seq: this.#view.seq + 1, at_ms: 0 });
  }
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Int8Array(128).fill(-1); // by character code: a board that comes whole has hundreds of thousands
[...DIGITS].forEach((digit, value) => (VALUES[digit.charCodeAt(0)] = value));

/** Where a packer stands after these points. */
function after(points: readonly Point[]): [number, number, number, number, number, number, number] {
  const [last, before] = [points[points.length - 1], points[points.length - 2]];
  if (last === undefined) return [0, 0, 0, 0, 0, 0, 0];
  return before === undefined ? [...last, 0, 0, 0] : [...last, last[0] - before[0], last[1] - before[1], last[2] - before[2]];
}

/**
 * A stroke's points in some six characters each, as they are sent and stored; of a part, with those `before` it. See
 * `pack` in server/domain/board.py.
 */
export function pack(points: readonly Point[], before: readonly Point[] = []): string {
  let packed = "";
  let [x, y, ms, pressure, dx, dy, dms] = after(before);
  points.forEach((point, at) => {
    const steps = [point[0] - x, point[1] - y, point[2] - ms] as const;
    for (const value of [steps[0] - dx, steps[1] - dy, steps[2] - dms, point[3] - pressure]) {
      let rest = value >= 0 ? value * 2 : -value * 2 - 1;
      for (; rest > 31; rest = Math.floor(rest / 32)) packed += DIGITS[(rest & 31) | 32];
      packed += DIGITS[rest];
    }
    if (at > 0 || before.length > 0) [dx, dy, dms] = steps; // nothing leads to the first point
    [x, y, ms, pressure] = point;
  });
  return packed;
}

/** The points that `pack` was given; null for anything else. */
export function unpack(packed: string, before: readonly Point[] = []): Point[] | null {
  const points: Point[] = [];
  const steps: Point = [0, 0, 0, 0]; // of the point under way: what it says of x, y, ms and pressure
  let [x, y, ms, pressure, dx, dy, dms] = after(before);
  let [value, shift, said] = [0, 0, 0];
  for (let at = 0; at < packed.length; at++) {
    const five = VALUES[packed.charCodeAt(at)] ?? -1;
    if (five < 0 || shift > 25) return null;
    value += (five & 31) * 2 ** shift;
    shift += 5;
    if (five > 31) continue;
    steps[said++] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    value = shift = 0;
    if (said < 4) continue;
    said = 0;
    [dx, dy, dms] = [dx + steps[0], dy + steps[1], dms + steps[2]];
    [x, y, ms, pressure] = [x + dx, y + dy, ms + dms, pressure + steps[3]];
    points.push([x, y, ms, pressure]);
    if (points.length === 1 && before.length === 0) dx = dy = dms = 0; // nothing led to the first point
  }
  return shift > 0 || said > 0 ? null : points;
}

/** An operation's body with its points as a list, whether it came packed or not. */
export function opened(body: Record<string, unknown>): Record<string, unknown> {
  return typeof body["points"] === "string" ? { ...body, points: unpack(body["points"]) ?? [] } : body;
}

const hashes = new WeakMap<object, string>(); // a mark never changes

function hashOf(mark: Mark): string {
  let hash = hashes.get(mark);
  if (hash === undefined) hashes.set(mark, (hash = hashed(canonical(mark))));
  return hash;
}

const hashed = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") return members(Object.entries(value));
  return JSON.stringify(value);
}

function members(entries: readonly [string, unknown][]): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(",")}}`;
}
