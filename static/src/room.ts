// A live session's room as signals: the session, the board, what is under way on the other side, and what one can do.
import { signal, type Signal } from "@preact/signals";
import * as api from "./api";
import { Refusal } from "./api";
import { Journal, type Board, type Point, type Stroke } from "./board";
import { Call } from "./call";
import { newId } from "./ids";
import type { Link } from "./link";
import type { AnyServerFrame, InkSeen } from "./protocol";
import { sessionHears, sessionSnapshot, type SessionKnows } from "./state";

const STALE_INK_MS = 10_000; // a stroke whose end never came

export class Room {
  readonly knows: Signal<SessionKnows> = signal({ session: null, media: {} });
  readonly board: Signal<Board | null> = signal(null);
  readonly live: Signal<ReadonlyMap<string, Stroke>> = signal(new Map());
  readonly unsent = signal(0);
  readonly lostAt = signal<number | null>(null); // ms of the session at which the pupil last said so
  readonly missing = signal(false); // there is no such session, or it is not theirs
  call: Call | null = null;
  readonly #undoable: string[] = [];
  readonly canUndo = signal(false);

  #journal = new Journal("student");
  #heardAt = new Map<string, number>();
  #sweep: ReturnType<typeof setInterval>;

  constructor(
    readonly id: string,
    readonly link: Link,
  ) {
    link.watch(this.channel, { load: () => this.#load(), event: (event) => this.#hears(event) });
    link.onframe = (frame) => this.#frame(frame);
    this.#sweep = setInterval(() => this.#forgetStale(), STALE_INK_MS);
  }

  get channel(): string {
    return `session:${this.id}`;
  }

  close(): void {
    this.link.unwatch(this.channel);
    this.link.onframe = () => {};
    clearInterval(this.#sweep);
    this.call?.close();
  }

  /** Milliseconds since the session's opening, by the server's clock. */
  now(): number {
    const opened = this.knows.value.session?.opened_at;
    return opened === undefined ? 0 : Date.now() + this.link.skew - Date.parse(opened);
  }

  stroke(stroke: Stroke): void {
    this.#undoable.push(stroke.id);
    this.#act(stroke.id, "stroke", { ...stroke });
  }

  ink(stroke: Stroke, points: Point[]): void {
    const { id, page, tool, color, width } = stroke;
    this.link.whisper({ frame: "ink", session: this.id, stroke: id, page, tool, color, width, points });
  }

  write(page: string, x: number, y: number, text: string, color: string, size: number): void {
    const id = newId();
    this.#undoable.push(id);
    this.#act(id, "text", { id, page, x, y, text, color, size });
  }

  undo(): void {
    const stroke = this.#undoable.pop();
    if (stroke !== undefined) this.#act(newId(), "erase", { stroke });
  }

  say(text: string): void {
    this.#act(newId(), "say", { text });
  }

  /** "I'm lost here": a mark on the timeline. */
  lost(): void {
    const page = this.board.value?.current;
    if (page) this.#act(newId(), "lost", { page });
  }

  addPage(aspect: number): void {
    const page = newId();
    this.#act(newId(), "page", { page, paper: "blank", aspect });
    this.turn(page);
  }

  turn(page: string): void {
    this.#act(newId(), "turn", { page });
  }

  #act(id: string, kind: string, body: Record<string, unknown>): void {
    const session = this.knows.value.session;
    if (session === null || session.state === "ended") return;
    this.#journal.pending.set(id, { id, kind, body });
    this.#show();
    void this.link.act({ frame: "act", id, session: this.id, assignment_epoch: session.assignment_epoch, kind, body }).then((seq) => {
      if (seq === null) this.#journal.pending.delete(id); // refused: it never was
      this.#show();
    });
    this.#show();
  }

  async #load(): Promise<{ epoch: string; offset: number }> {
    const fresh = await api.session(this.id).catch((error: unknown) => this.#notLoaded(error));
    if (this.knows.value.session === null) this.#enter(fresh.session.me);
    this.#journal.load(fresh.log);
    this.knows.value = sessionSnapshot(this.knows.value, fresh);
    const mine = [...this.#journal.board.marks.values()].filter(({ author, id }) => author === fresh.session.me && id !== "asked");
    if (this.#undoable.length === 0) this.#undoable.push(...mine.map(({ id }) => id));
    this.#ended();
    this.#show();
    return { epoch: fresh.epoch, offset: fresh.offset };
  }

  #notLoaded(error: unknown): never {
    if (error instanceof Refusal && !error.passing) {
      this.missing.value = true;
      this.link.unwatch(this.channel);
    }
    throw error;
  }

  #enter(me: "teacher" | "student"): void {
    this.#journal = new Journal(me);
    if (!Call.possible) return;
    this.call = new Call(me, (data) => this.link.whisper({ frame: "signal", session: this.id, data }), api.ice);
  }

  #hears(event: Parameters<typeof sessionHears>[1]): void {
    const { knows, line } = sessionHears(this.knows.value, event);
    this.knows.value = knows;
    if (line !== null) {
      if (line.kind === "lost") this.lostAt.value = line.at_ms;
      this.#journal.confirm(line);
      this.#drop(String(line.body["id"] ?? ""));
      this.#show();
    }
    this.#ended();
  }

  #frame(frame: AnyServerFrame): void {
    if (frame.frame === "ink" && frame.session === this.id) this.#ink(frame);
    if (frame.frame === "signal" && frame.session === this.id) void this.call?.hears(frame.data).catch(() => undefined);
    if (frame.frame === "subscribed" && frame.channel === this.channel) this.call?.hello();
    if (frame.frame === "ack" || frame.frame === "refused") this.unsent.value = this.link.unacknowledged;
  }

  #ink({ stroke, page, tool, color, width, points }: InkSeen): void {
    if (this.#journal.board.marks.has(stroke)) return; // its end was faster than its middle
    const known = this.live.value.get(stroke);
    const grown: Stroke = { id: stroke, page, tool: tool as Stroke["tool"], color, width, points: [...(known?.points ?? []), ...(points as Point[])] };
    this.#heardAt.set(stroke, Date.now());
    this.live.value = new Map(this.live.value).set(stroke, grown);
  }

  #drop(stroke: string): void {
    if (!this.live.value.has(stroke)) return;
    const rest = new Map(this.live.value);
    rest.delete(stroke);
    this.live.value = rest;
  }

  #forgetStale(): void {
    for (const id of this.live.value.keys()) if (Date.now() - (this.#heardAt.get(id) ?? 0) > STALE_INK_MS) this.#drop(id);
  }

  #ended(): void {
    if (this.knows.value.session?.state !== "ended") return;
    this.link.forget(this.id);
    this.call?.close();
  }

  #show(): void {
    const shown = this.#journal.shown();
    this.board.value = shown === this.#journal.board ? shown.copy() : shown; // a new object tells the page
    this.canUndo.value = this.#undoable.length > 0;
    this.unsent.value = this.link.unacknowledged;
  }
}
