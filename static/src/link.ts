// The socket: connect, resume, acknowledge, back off, go without when there is none.
import { Close, type Act, type AnyClientFrame, type AnyEvent, type AnyServerFrame, type Dots, type DotsSeen, type Position, type Told } from "./protocol";

export type LinkState = "online" | "reconnecting" | "offline" | "stopped";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
const STABLE_MS = 10_000; // a link that held so long begins its backoff anew
const OPENING_S = 10;
const HURRY_MS = 3_000; // a socket may take so long to open before somebody's looking at the page makes a new one
const AGAIN_MS = 2_000; // an act that the server could not do just now
const SILENT_BEATS = 2.5;
const POLL_MS = 3_000;
const GO_WITHOUT_MS = 8_000; // no socket for so long: poll snapshots meanwhile
const OPENED = Date.now() - performance.now();
const LESSONS_FIRST = 0.1; // of the wait that a stopping node asks for: the few who are in a lesson come back before the crowd
const RESEND_AT_ONCE = 15; // and again each quarter second: below the server's limit of 80 frames a second

/** Full jitter: anything from nothing to the doubled delay, so that a crowd doesn't come back in step. */
export function backoff(attempt: number, random: () => number): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}

/** The few things of the world that a link needs; a test hands in its own. */
export interface Outside {
  ticket(): Promise<string>;
  open(): Socket;
  now(): number;
  random(): number;
  later(ms: number, work: () => void): () => void;
}

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface Channel {
  /** Loads the snapshot and says where on the channel it stands. */
  load(): Promise<Position>;
  event(event: AnyEvent): void;
}

interface Watched extends Channel {
  position: Position | null;
  loading: boolean;
}

export class Link {
  state: LinkState = "reconnecting";
  #skew = 0; // server's clock minus ours, in milliseconds
  onstate: (state: LinkState) => void = () => {};
  onframe: (frame: AnyServerFrame) => void = () => {};
  ondots: (dots: DotsSeen) => void = () => {};
  onsignedout: () => void = () => {};

  readonly #outside: Outside;
  readonly #channels = new Map<string, Watched>();
  readonly #acts = new Map<string, Act>(); // not acknowledged yet; resent with the same id
  readonly #acknowledged = new Map<string, (seq: number | null) => void>();
  #socket: Socket | null = null;
  #welcomed = false;
  #turn = 0; // names the attempt under way; an answer to an earlier one is late
  #attempt = 0;
  #ids = 0;
  #degraded = false;
  #heardAt = 0;
  #beatMs = 0;
  #beatsAsked = 0; // of ours, still to be answered; a beat beyond them asks us
  #backAt = 0; // a node that stops said when to come back
  #downSince: number;
  #timers = new Map<string, () => void>();

  constructor(outside: Outside) {
    this.#outside = outside;
    this.#downSince = outside.now();
  }

  /** By the server's clock, in milliseconds. */
  now(): number {
    return this.#outside.now() + this.#skew;
  }

  start(): void {
    this.#connect();
    this.#poll();
  }

  stop(): void {
    this.#set("stopped");
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#drop();
  }

  /** Try at once: the network changed, or somebody looks at the page again. */
  nudge(): void {
    if (this.state === "stopped") return;
    if (this.state === "offline") this.#set(this.#welcomed ? "online" : "reconnecting"); // a short gap may leave the socket whole
    const patience = this.#welcomed ? this.#beatMs * 1.2 : HURRY_MS;
    if (this.#socket !== null && this.#outside.now() - this.#heardAt < patience) return this.#probe();
    this.#attempt = 0;
    this.#drop();
    this.#set("reconnecting");
    this.#connect();
  }

  /** Another network may have come under a socket, which then is dead and doesn't know it: one beat tells. */
  #probe(): void {
    if (!this.#welcomed) return;
    const asked = this.#outside.now();
    this.#sendBeat();
    this.#timer("probe", HURRY_MS, () => this.#heardAt < asked && this.#again(0));
  }

  /** The browser says that there is no network at all. */
  offline(): void {
    if (this.state !== "stopped") this.#set("offline");
  }

  watch(name: string, channel: Channel): void {
    const watched: Watched = { ...channel, load: () => channel.load(), event: (e) => channel.event(e), position: null, loading: false };
    this.#channels.set(name, watched);
    void this.#load(name, watched);
  }

  /** Listens anew from where it stands: who speaks on the channel sees somebody come. */
  again(name: string): void {
    const position = this.#channels.get(name)?.position;
    if (position && this.#welcomed) this.#send({ frame: "subscribe", id: `w${++this.#ids}`, channel: name, position });
  }

  unwatch(name: string): void {
    if (this.#channels.delete(name) && this.#welcomed) this.#send({ frame: "unsubscribe", channel: name });
  }

  /** A durable board operation; the promise gives its number, or null when it was refused. */
  act(act: Act): Promise<number | null> {
    this.#acts.set(act.id, act);
    if (this.#welcomed) this.#send(act);
    return new Promise((resolve) => this.#acknowledged.set(act.id, resolve));
  }

  get unacknowledged(): number {
    return this.#acts.size;
  }

  /** Forgets the acts of a session that has ended. */
  forget(session: string): void {
    for (const [id, act] of this.#acts) if (act.session === session) this.#settle(id, null);
  }

  /** Names the socket there is: what was said to an earlier one, this one has not heard. */
  get socket(): number {
    return this.#turn;
  }

  /** A frame that may be lost: ink under way, signalling. False when there is no way to send it now. */
  whisper(frame: AnyClientFrame | Dots): boolean {
    if (this.#welcomed) this.#send(frame);
    return this.#welcomed;
  }

  #connect(): void {
    this.#cancel("retry");
    const turn = ++this.#turn;
    this.#outside.ticket().then(
      (ticket) => turn === this.#turn && this.#open(ticket),
      () => turn === this.#turn && this.#again(),
    );
  }

  /** The ticket comes first: the server waits but five seconds for the hello of an open socket. */
  #open(ticket: string): void {
    const socket = this.#outside.open();
    this.#socket = socket;
    this.#watchSilence(OPENING_S);
    socket.onopen = () => {
      const resume: Record<string, Position> = {};
      for (const [name, { position }] of this.#channels) if (position !== null) resume[name] = position;
      this.#send({ frame: "hello", ticket, resume });
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      if (data.startsWith("[")) this.#heardDots(JSON.parse(data) as DotsSeen);
      else this.#heard(JSON.parse(data) as AnyServerFrame);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
  }

  #heardDots(dots: DotsSeen): void {
    this.#heardAt = this.#outside.now();
    this.ondots(dots);
  }

  #heard(frame: AnyServerFrame): void {
    this.#heardAt = this.#outside.now();
    switch (frame.frame) {
      case "welcome":
        return this.#welcome(frame.now, frame.beat_every_s, Object.keys(frame.resumed), frame.degraded);
      case "event":
        return this.#told(frame);
      case "resync":
        return this.#reload(frame.channel);
      case "ack":
        this.#settle(frame.id, frame.seq);
        break;
      case "refused":
        this.#refused(frame.id, frame.code);
        break;
      case "beat":
        this.#skew = Date.parse(frame.now) - this.#outside.now();
        if (this.#beatsAsked > 0) this.#beatsAsked--;
        else this.#sendBeat(); // the server asks: a hidden page's timers run late
        break;
      case "degraded":
        return this.#setDegraded(frame.on);
      case "go": {
        const wait = frame.after_s * 1000 * (this.#inSession() ? LESSONS_FIRST : 1);
        this.#backAt = this.#outside.now() + wait;
        this.#timer("go", wait, () => this.#again(0));
        break;
      }
      case "subscribed":
        this.#subscribed(frame.channel, frame.epoch);
        break;
      default:
    }
    this.onframe(frame);
  }

  #welcome(now: string, beatEveryS: number, resumed: string[], degraded: boolean): void {
    this.#welcomed = true;
    this.#beatsAsked = 0;
    this.#backAt = 0;
    this.#skew = Date.parse(now) - this.#outside.now();
    this.#set("online");
    this.#beatMs = beatEveryS * 1000;
    this.#beat(beatEveryS);
    this.#watchSilence(beatEveryS * SILENT_BEATS);
    this.#timer("stable", STABLE_MS, () => (this.#attempt = 0));
    for (const name of this.#channels.keys()) if (!resumed.includes(name)) this.#reload(name);
    this.#resend([...this.#acts.keys()]);
    this.#setDegraded(degraded);
  }

  #told({ channel, epoch, offset, event }: Told): void {
    const watched = this.#channels.get(channel);
    if (watched === undefined || watched.position === null) return; // the snapshot under way will hold it
    if (epoch === watched.position.epoch && offset <= watched.position.offset) return;
    if (epoch !== watched.position.epoch || offset !== watched.position.offset + 1) return this.#reload(channel);
    watched.position = { epoch, offset };
    watched.event(event);
  }

  #subscribed(channel: string, epoch: string): void {
    const position = this.#channels.get(channel)?.position;
    if (position && position.epoch !== epoch) this.#reload(channel);
  }

  #reload(name: string): void {
    const watched = this.#channels.get(name);
    if (watched === undefined) return;
    watched.position = null;
    void this.#load(name, watched);
  }

  async #load(name: string, watched: Watched): Promise<void> {
    if (watched.loading) return;
    watched.loading = true;
    try {
      const position = await watched.load();
      if (this.#channels.get(name) !== watched) return;
      watched.position = position;
      if (this.#welcomed) this.#send({ frame: "subscribe", id: `w${++this.#ids}`, channel: name, position });
    } catch {
      this.#timer(`load ${name}`, 1000 + backoff(2, this.#outside.random), () => this.#reload(name));
    } finally {
      watched.loading = false;
    }
  }

  #setDegraded(on: boolean): void {
    const recovered = this.#degraded && !on;
    this.#degraded = on;
    if (recovered) for (const name of this.#channels.keys()) this.#reload(name);
  }

  #poll(): void {
    this.#timer("poll", POLL_MS, () => {
      const longDown = !this.#welcomed && this.#outside.now() - this.#downSince > GO_WITHOUT_MS;
      if (this.#degraded || (longDown && this.state !== "offline")) {
        for (const watched of this.#channels.values()) void watched.load().catch(() => undefined);
      }
      this.#poll();
    });
  }

  #resend(ids: string[]): void {
    for (const id of ids.slice(0, RESEND_AT_ONCE)) {
      const act = this.#acts.get(id);
      if (act && this.#welcomed) this.#send(act);
    }
    if (ids.length > RESEND_AT_ONCE) this.#timer("resend", 250, () => this.#resend(ids.slice(RESEND_AT_ONCE)));
  }

  #refused(id: string, code: string): void {
    if (code !== "unavailable") return this.#settle(id, null);
    if (this.#acts.has(id)) this.#timer(`again ${id}`, AGAIN_MS, () => this.#resend([id]));
    else if (this.#channels.has(id)) this.#timer(`again ${id}`, AGAIN_MS, () => this.#reload(id));
  }

  #settle(id: string, seq: number | null): void {
    this.#acts.delete(id);
    this.#acknowledged.get(id)?.(seq);
    this.#acknowledged.delete(id);
  }

  #beat(everyS: number): void {
    this.#timer("beat", everyS * 1000, () => {
      this.#sendBeat();
      this.#beat(everyS);
    });
  }

  #sendBeat(): void {
    this.#beatsAsked++;
    this.#send({ frame: "beat" });
  }

  #inSession(): boolean {
    return [...this.#channels.keys()].some((name) => name.startsWith("session:"));
  }

  #watchSilence(seconds: number): void {
    this.#heardAt = this.#outside.now();
    const look = (): void => {
      if (this.#outside.now() - this.#heardAt >= seconds * 1000) return this.#again();
      this.#timer("silence", 1000, look);
    };
    this.#timer("silence", 1000, look);
  }

  #closed(code: number): void {
    if (code === Close.SIGNED_OUT) {
      this.stop();
      return this.onsignedout();
    }
    if (code >= Close.TICKET && code !== Close.TICKET && code < 4200) return this.stop();
    const wait = this.#backAt - this.#outside.now();
    this.#again(wait > 0 ? wait : undefined);
  }

  #again(delay = backoff(this.#attempt++, this.#outside.random)): void {
    this.#drop();
    if (this.state === "stopped") return;
    if (this.state !== "offline") this.#set("reconnecting");
    this.#timer("retry", delay, () => this.#connect());
  }

  #drop(): void {
    const socket = this.#socket;
    if (this.#welcomed) this.#downSince = this.#outside.now();
    this.#turn++;
    this.#socket = null;
    this.#welcomed = false;
    for (const name of ["beat", "silence", "stable", "resend", "go", "probe"]) this.#cancel(name);
    socket?.close();
  }

  #send(frame: AnyClientFrame | Dots): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #set(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    this.onstate(state);
  }

  #timer(name: string, ms: number, work: () => void): void {
    this.#cancel(name);
    this.#timers.set(name, this.#outside.later(ms, work));
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}

/** The link of this page, over the browser's own socket, clock and network events. */
export function browserLink(ticket: () => Promise<string>): Link {
  const link = new Link({
    ticket,
    open: () => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`) as Socket,
    now: () => OPENED + performance.now(), // runs on when somebody sets the device's clock
    random: () => Math.random(),
    later: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  });
  addEventListener("online", () => link.nudge());
  addEventListener("offline", () => link.offline());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && navigator.onLine && link.nudge());
  return link;
}
