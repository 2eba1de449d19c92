// A live session's room as signals: the session, the board, what is under way on the other side, and what one can do.
import { signal, type Signal } from "@preact/signals";
import * as api from "./api";
import { Refusal } from "./api";
import { Journal, pack, unpack, type Board, type Formula, type Mark, type Paper, type Place, type Shape, type Stroke, type Tool, type Writing } from "./board";
import { Call } from "./call";
import { Balcony, Ear, Watchers } from "./gallery";
import { newId } from "./ids";
import type { Link } from "./link";
import type { Pace } from "./pace";
import type { AnyEvent, AnyServerFrame, DotsSeen, InkSeen, SessionSnapshot, SessionView } from "./protocol";
import { newer, sessionHears, sessionSnapshot, type SessionKnows } from "./state";

const INK_POINTS = 400; // in a frame of live ink
const ANEW_MS = 1_000; // then a stroke under way is named again, for who came meanwhile or missed something
const LOOK_MS = 100;
const STALE_INK_MS = 10_000; // a stroke whose end never came
const HERE_MS = 10_000; // how often each side tells the other that it is here
const GONE_MS = 25_000; // of silence: the other side is away

export type MarkBody = Stroke | Shape | Writing | Formula;

/** The part of a page that somebody looks at, in units of the page. */
export interface Look {
  page: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What can be undone: something was put on the board, or taken off it. */
interface Deed {
  did: "put" | "erase";
  kind: Mark["kind"];
  body: MarkBody;
}

/** Where a board lives that is not a session's of two: a lecture's, in a room full of people. No voice by WebRTC there. */
export interface Source {
  channel: string;
  load(): Promise<SessionSnapshot>;
  event(event: AnyEvent): void;
  frame(frame: AnyServerFrame): void;
  pace: Pace; // what is seen waits for what is heard
}

export class Room {
  readonly knows: Signal<SessionKnows> = signal({ session: null, media: {} });
  readonly board: Signal<Board | null> = signal(null);
  readonly live: Signal<ReadonlyMap<string, Stroke>> = signal(new Map());
  readonly unsent = signal(0);
  readonly lostAt = signal<number | null>(null); // ms of the session at which the pupil last said so
  readonly activeAt = signal(0); // by the server's clock: the last sign of life that this page knows of
  readonly missing = signal(false); // there is no such session, or it is not theirs
  readonly peer = signal(true); // the other side is here
  readonly watchers = new Watchers();
  readonly ear: Ear | null; // of one who watches
  readonly call: Signal<Call | null> = signal(null); // null: nobody speaks here, or another tab of the teacher's does
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  readonly looked: Signal<Look | null> = signal(null); // where the other side looks
  readonly refusedPen = signal(0); // how often our pen was refused, for it was put away

  #done: Deed[] = [];
  #undone: Deed[] = [];
  #lookAt: Look | null = null; // where we look, to be told
  #lookTimer: ReturnType<typeof setTimeout> | null = null;
  #journal = new Journal("student");
  #heardAt = new Map<string, number>();
  #named = { stroke: "", socket: 0, at: 0 }; // our stroke that the server knows of, so that dots go on with it
  #balcony: Balcony | null = null;
  #peerHeardAt = performance.now();
  readonly #pens = new Map<string, { stroke: string; next: number }>(); // of others: what each draws, and the point that comes next
  #sweep: ReturnType<typeof setInterval>;

  /** `watching`: from the gallery, by one who follows the question. */
  constructor(
    readonly id: string,
    readonly link: Link,
    readonly watching = false,
    readonly source: Source | null = null,
  ) {
    this.ear = watching && Ear.possible ? new Ear(() => link.again(this.channel)) : null;
    link.watch(this.channel, { load: () => this.#load(), event: (event) => this.#hears(event) });
    link.onframe = (frame) => this.#frame(frame);
    link.ondots = (dots) => this.#when(this.now(), () => this.#dots(dots));
    this.#sweep = setInterval(() => this.#forgetStale(), HERE_MS);
    addEventListener("pagehide", this.#goes);
  }

  /** The board as far as the server has confirmed it. */
  get confirmed(): Board {
    return this.#journal.board;
  }

  get channel(): string {
    return this.source?.channel ?? `${this.watching ? "gallery" : "session"}:${this.id}`;
  }

  close(): void {
    this.#goes();
    removeEventListener("pagehide", this.#goes);
    this.link.unwatch(this.channel);
    this.link.onframe = () => {};
    this.link.ondots = () => {};
    clearInterval(this.#sweep);
    clearTimeout(this.#lookTimer ?? undefined);
    this.call.value?.close();
    this.#balcony?.close();
    this.ear?.close();
  }

  /** Our microphone on the line to the other side, and to who watches; null takes it off. */
  async speak(track: MediaStreamTrack | null): Promise<void> {
    this.#balcony?.speak(track);
    await this.call.value?.speak(track);
  }

  readonly #goes = (): void => this.#here(false);

  #here(here: boolean): void {
    if (this.#sits) this.link.whisper({ frame: "signal", session: this.id, data: { here } });
  }

  /** Whether this is one of the two in a session that goes on. */
  get #sits(): boolean {
    const session = this.knows.value.session;
    return session?.state === "open" && session.me !== "follower" && this.source === null;
  }

  #heardPeer(here = true): void {
    this.#peerHeardAt = here ? performance.now() : -Infinity;
    this.peer.value = here;
  }

  /** Milliseconds since the session's opening, by the server's clock. */
  now(): number {
    const opened = this.knows.value.session?.opened_at;
    return opened === undefined ? 0 : this.link.now() - Date.parse(opened);
  }

  /** A mark of our own: a stroke, a shape, a text, a formula. */
  put(kind: Mark["kind"], body: MarkBody): void {
    this.#remember({ did: "put", kind, body });
    this.#put(kind, body);
  }

  /** A stroke of a laser pointer, which stays in the log alone. */
  point(stroke: Stroke): void {
    this.#act(newId(), "stroke", { ...stroke, points: pack(stroke.points) });
  }

  /** The points of a stroke from one of them on, while the pen is down; false when there was no way to send them. */
  ink(stroke: Stroke, from: number): boolean {
    let sent = true;
    for (let at = from; at < stroke.points.length && sent; at += INK_POINTS) sent = this.#ink(stroke, at);
    return sent;
  }

  #ink({ id, page, tool, color, width, points }: Stroke, at: number): boolean {
    const part = points.slice(at, at + INK_POINTS);
    const { stroke, socket, at: namedAt } = this.#named;
    if (stroke === id && socket === this.link.socket && performance.now() - namedAt < ANEW_MS) {
      return this.link.whisper([at, pack(part, points.slice(Math.max(0, at - 2), at))]);
    }
    this.#named = { stroke: id, socket: this.link.socket, at: performance.now() };
    return this.link.whisper({ frame: "ink", session: this.id, stroke: id, page, tool, color, width, points: pack(part), at });
  }

  erase(mark: Mark): void {
    const { kind, author: _, ...body } = mark;
    this.#remember({ did: "erase", kind, body });
    this.#act(newId(), "erase", { stroke: mark.id });
  }

  undo(): void {
    const deed = this.#done.pop();
    if (deed === undefined) return;
    this.#undone.push(deed);
    this.#turnBack(deed, deed.did === "put");
  }

  redo(): void {
    const deed = this.#undone.pop();
    if (deed === undefined) return;
    this.#done.push(deed);
    this.#turnBack(deed, deed.did === "erase");
  }

  #turnBack({ kind, body }: Deed, away: boolean): void {
    if (away) this.#act(newId(), "erase", { stroke: body.id });
    else this.#put(kind, body);
  }

  #remember(deed: Deed): void {
    this.#done.push(deed);
    this.#undone = [];
  }

  #put(kind: Mark["kind"], body: MarkBody): void {
    this.#act(newId(), kind, "tool" in body ? { ...body, points: pack(body.points) } : { ...body });
  }

  /** Where we look, for the other side to follow; told at most ten times a second, the last one always. */
  look(look: Look): void {
    this.#lookAt = look;
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = null;
      if (this.#lookAt !== null) this.link.whisper({ frame: "look", session: this.id, ...this.#lookAt });
    }, LOOK_MS);
  }

  say(text: string): void {
    this.#act(newId(), "say", { text });
  }

  stir(): void {
    this.activeAt.value = this.link.now();
  }

  /** The session as a command's answer says it is. */
  take(session: SessionView): void {
    this.knows.value = { ...this.knows.value, session: newer(this.knows.value.session, session) };
  }

  /** "I'm lost here": a mark on the timeline. */
  lost(): void {
    const page = this.board.value?.current;
    if (page) this.#act(newId(), "lost", { page });
  }

  addPage(paper: Paper, aspect: number): void {
    const page = newId();
    this.#act(newId(), "page", { page, paper, aspect });
    this.turn(page);
  }

  turn(page: string): void {
    this.#act(newId(), "turn", { page });
  }

  order(page: string, to: number): void {
    this.#act(newId(), "order", { page, to });
  }

  /** Turns and cuts a photo that nothing lies on yet. */
  frame(page: string, quarter: number, crop: [Place, Place], aspect: number): void {
    this.#act(newId(), "frame", { page, quarter, crop, aspect });
  }

  /** Puts the pupil's pen away, or gives it back. */
  lock(locked: boolean): void {
    this.#act(newId(), "lock", { locked });
  }

  #act(id: string, kind: string, body: Record<string, unknown>): void {
    const session = this.knows.value.session;
    if (session === null || session.state !== "open" || session.me === "follower") return;
    this.#journal.act({ id, kind, body });
    void this.link.act({ frame: "act", id, session: this.id, assignment_epoch: session.assignment_epoch, kind, body }).then((seq) => {
      if (seq === null) this.#refused(id, String(body["id"] ?? body["stroke"] ?? ""));
      else if (seq <= this.#journal.board.seq) this.#journal.drop(id); // a snapshot told of it before the answer came
      this.#show();
    });
    this.#show();
  }

  #refused(id: string, mark: string): void {
    this.#journal.drop(id); // it never was
    const isOther = ({ body }: Deed): boolean => body.id !== mark;
    this.#done = this.#done.filter(isOther);
    this.#undone = this.#undone.filter(isOther);
    if (this.#journal.board.locked && this.#journal.author === "student") this.refusedPen.value++;
  }

  async #load(): Promise<{ epoch: string; offset: number }> {
    const fresh = await (this.source?.load() ?? api.session(this.id)).catch((error: unknown) => this.#notLoaded(error));
    if (this.knows.value.session === null) {
      this.#enter(fresh.session.me);
      this.#heardPeer(fresh.session.peer_online);
    } else if (fresh.session.peer_online) {
      this.#peerHeardAt = Math.max(this.#peerHeardAt, performance.now() - GONE_MS + 1.2 * HERE_MS); // by then it says so itself
    }
    this.source?.pace.clear();
    this.#journal.load(fresh.log, fresh.board);
    this.knows.value = sessionSnapshot(this.knows.value, fresh);
    if (this.#done.length === 0) this.#done = [...this.#journal.board.marks.values()].flatMap((mark) => this.#deedOf(mark));
    this.#ended();
    this.#show();
    return { epoch: fresh.epoch, offset: fresh.offset };
  }

  /** After a reload one's own marks can still be undone. */
  #deedOf({ kind, author, ...body }: Mark): Deed[] {
    return author === this.#journal.author && body.id !== "asked" ? [{ did: "put", kind, body }] : [];
  }

  #notLoaded(error: unknown): never {
    if (error instanceof Refusal && !error.passing) {
      this.missing.value = true;
      this.link.unwatch(this.channel);
    }
    throw error;
  }

  #enter(me: SessionView["me"]): void {
    this.#journal = new Journal(me);
    if (this.source !== null) return;
    if (me === "teacher") this.#balcony = new Balcony((slice) => this.link.whisper({ frame: "voice", session: this.id, ...slice }));
    if (me === "student" && Call.possible) this.call.value = this.#newCall(me);
  }

  #newCall(me: "teacher" | "student"): Call {
    return new Call(me, (data) => this.link.whisper({ frame: "signal", session: this.id, data }), api.ice);
  }

  /** Of a teacher's tabs one takes the call, and leaves it to the next. */
  takeCall(): void {
    if (this.call.value !== null || !Call.possible) return;
    this.call.value = this.#newCall("teacher");
    this.call.value.hello();
  }

  leaveCall(): void {
    this.call.value?.close();
    this.call.value = null;
  }

  #when(at: number, work: () => void): void {
    if (this.source === null) work();
    else this.source.pace.when(at, work);
  }

  #hears(event: Parameters<typeof sessionHears>[1]): void {
    if (event.type === "board") this.#when(event.line.at_ms, () => this.#told(event));
    else this.#told(event);
  }

  #told(event: Parameters<typeof sessionHears>[1]): void {
    this.source?.event(event);
    const { knows, line } = sessionHears(this.knows.value, event);
    this.knows.value = knows;
    if (line !== null) {
      this.stir();
      if (line.author !== this.#journal.author) this.#heardPeer();
      if (line.kind === "lost") this.lostAt.value = line.at_ms;
      this.#journal.confirm(line);
      this.#drop(String(line.body["id"] ?? ""));
      this.#show();
    }
    this.#ended();
  }

  #frame(frame: AnyServerFrame): void {
    this.source?.frame(frame);
    if (frame.frame === "ink" && frame.session === this.id) this.#when(this.now(), () => this.#inkSeen(frame));
    if (frame.frame === "look" && frame.session === this.id) this.#when(this.now(), () => (this.looked.value = { page: frame.page, x: frame.x, y: frame.y, width: frame.width, height: frame.height }));
    if (frame.frame === "signal" && frame.session === this.id) this.#signal(frame.data);
    if (frame.frame === "voice" && frame.session === this.id) this.ear?.hears(frame);
    if (frame.frame === "watched" && frame.session === this.id) this.#watched(frame.node, frame.count);
    if (frame.frame === "subscribed" && frame.channel === this.channel) {
      this.#here(true);
      this.call.value?.hello();
    }
    if (frame.frame === "ack" || frame.frame === "refused") this.unsent.value = this.link.unacknowledged;
  }

  #signal(data: Record<string, unknown>): void {
    this.#heardPeer(data["here"] !== false);
    if (!("here" in data)) void this.call.value?.hears(data).catch(() => undefined);
  }

  #watched(node: string, count: number): void {
    this.watchers.hear(node, count, performance.now());
    this.#balcony?.listeners(this.watchers.count.value);
  }

  #inkSeen({ pen, stroke, page, tool, color, width, points: packed, at }: InkSeen): void {
    const points = unpack(packed);
    if (points === null) return;
    this.#pens.set(pen, { stroke, next: at + points.length });
    const known = this.live.value.get(stroke)?.points ?? [];
    this.#grow({ id: stroke, page, tool: tool as Tool, color, width, points: [...known.slice(0, at), ...points] });
  }

  /** They say how far they are from the points before: without those they mean nothing. */
  #dots([pen, at, packed]: DotsSeen): void {
    const drawn = this.#pens.get(pen);
    const known = this.live.value.get(drawn?.stroke ?? "");
    const points = known === undefined || drawn?.next !== at ? null : unpack(packed, known.points);
    if (points === null) return;
    drawn!.next += points.length;
    this.#grow({ ...known!, points: [...known!.points, ...points] });
  }

  #grow(stroke: Stroke): void {
    if (this.#journal.board.marks.has(stroke.id)) return; // its end was faster than its middle
    this.#heardAt.set(stroke.id, performance.now());
    this.live.value = new Map(this.live.value).set(stroke.id, stroke);
  }

  #drop(stroke: string): void {
    if (!this.live.value.has(stroke)) return;
    const rest = new Map(this.live.value);
    rest.delete(stroke);
    this.live.value = rest;
  }

  #forgetStale(): void {
    const now = performance.now();
    this.#here(true);
    this.peer.value = now - this.#peerHeardAt < GONE_MS;
    this.watchers.sweep(now);
    this.#balcony?.listeners(this.watchers.count.value);
    for (const id of this.live.value.keys()) if (now - (this.#heardAt.get(id) ?? 0) > STALE_INK_MS) this.#drop(id);
  }

  #ended(): void {
    if (this.knows.value.session?.state !== "ended") return;
    this.link.forget(this.id);
    this.call.value?.close();
    this.#balcony?.close();
    this.ear?.close();
  }

  #show(): void {
    this.board.value = this.#journal.shown().seen(); // a new object tells the page
    this.canUndo.value = this.#done.length > 0;
    this.canRedo.value = this.#undone.length > 0;
    this.unsent.value = this.link.unacknowledged;
  }
}
