// A lecture's room as signals: its state, what is said, and the board, which is the same as a session's.
import { effect, signal, type Signal } from "@preact/signals";
import { Broadcast } from "./air";
import { Refusal } from "./api";
import { Camera } from "./camera";
import { Floor } from "./floor";
import { earsFor, type Ears } from "./hearing";
import * as lectures from "./lectures";
import type { Link } from "./link";
import { Pace } from "./pace";
import { newer } from "./state";
import type { AnyEvent, AnyServerFrame, JudgeLine, LectureView, LineView, RoomSnapshot, RoomState, RuleAuthor, SayInRoom, SessionSnapshot, SessionView } from "./protocol";
import { Pulse } from "./pulse";
import { Room } from "./room";
import { Sight } from "./sight";

export type Side = RoomSnapshot["me"];

export class Auditorium {
  readonly lecture: Signal<LectureView | null> = signal(null);
  readonly state: Signal<RoomState | null> = signal(null);
  readonly lines: Signal<readonly LineView[]> = signal([]);
  readonly voted: Signal<ReadonlySet<number>> = signal(new Set());
  readonly muted = signal(false);
  readonly refused: Signal<Refusal | null> = signal(null); // why there is no room for us
  readonly board: Room;
  readonly broadcast: Broadcast; // the lecturer's microphone
  readonly camera: Camera; // and what goes with it
  readonly ears: Signal<Ears | null> = signal(null); // of everybody else
  readonly deaf = signal(false); // this browser plays nothing of ours
  readonly sight: Sight;
  readonly floor: Floor; // a pupil who is heard
  readonly pulse: Pulse;
  me: Side = "pupil";
  readonly #stop: () => void;
  #mine = 0; // the epoch with which this page draws; 0: it does not
  #staff: string | null = null;

  constructor(
    readonly id: string,
    readonly link: Link,
  ) {
    this.board = new Room(id, link, false, {
      channel: `room:${id}`, load: () => this.#load(), event: (event) => this.#hears(event), frame: (frame) => this.#frame(frame), pace: new Pace(() => this.ears.value?.at ?? null),
    });
    this.broadcast = new Broadcast(link, id, () => this.#mine);
    this.camera = new Camera(link, id, () => this.#mine, this.broadcast);
    this.sight = new Sight(link, () => this.ears.value, async () => (await lectures.room(id)).pictures);
    this.pulse = new Pulse(id);
    this.floor = new Floor(link, id);
    const stop = effect(() => {
      const floor = this.floor.now.value;
      const kept = this.pulse.hands.value?.hands.find(({ number }) => number === floor?.hand)?.kept === true;
      this.broadcast.yield(floor?.open === true && !kept);
    });
    const stopAir = effect(() => {
      const sound = this.broadcast.state.value;
      if (sound === "off" || sound === "elsewhere" || sound === "refused" || sound === "none") void this.camera.stop(); // she is off the air
      this.#tune(this.sight.wants.value);
    });
    this.#stop = () => [stop, stopAir].forEach((each) => each());
  }

  close(): void {
    this.#stop();
    void this.camera.stop();
    void this.broadcast.stop();
    this.sight.close();
    this.floor.close();
    this.ears.value?.close();
    this.board.close();
    if (this.#staff !== null) this.link.unwatch(this.#staff);
  }

  get keeper(): boolean {
    return this.me !== "pupil";
  }

  /** Whether this page is the one that draws. */
  get draws(): boolean {
    return this.me === "lecturer" && this.state.value?.state === "live" && this.#mine === this.state.value.epoch;
  }

  #frame(frame: AnyServerFrame): void {
    if (frame.frame === "sound" && frame.lecture === this.id) {
      this.ears.value?.hears(frame);
      this.sight.hears(frame);
    }
    if (frame.frame === "picture" && frame.lecture === this.id) this.sight.sees(frame);
    this.broadcast.frame(frame);
    this.camera.frame(frame);
    this.floor.frame(frame);
  }

  /** This page was told to draw, and waits to be let. */
  readonly starting = signal(false);

  /** On air, or here instead of in another page. */
  async start(): Promise<void> {
    if (this.starting.value) return;
    this.starting.value = true;
    try {
      const fresh = await lectures.start(this.id);
      this.#mine = fresh.room.epoch;
      this.#take(fresh);
      this.board.take(this.#session(fresh));
    } finally {
      this.starting.value = false;
    }
  }

  async end(): Promise<void> {
    await lectures.end(this.id);
  }

  /** True when the others see it at once. */
  async say(kind: SayInRoom["kind"], text: string, line_id: string): Promise<boolean> {
    const line = await lectures.sayIn(this.id, { kind, text, line_id });
    this.#said(line);
    return line.state === "shown";
  }

  async vote(number: number): Promise<void> {
    this.voted.value = new Set(this.voted.value).add(number);
    await lectures.vote(this.id, number);
  }

  async judge(number: number, becomes: JudgeLine["becomes"]): Promise<void> {
    this.#said(await lectures.judge(this.id, number, becomes));
  }

  async rule(number: number, rule: RuleAuthor["rule"]): Promise<void> {
    await lectures.rule(this.id, number, rule);
  }

  async #load(): Promise<SessionSnapshot> {
    try {
      const fresh = await lectures.room(this.id);
      this.refused.value = null;
      this.#take(fresh);
      return { session: this.#session(fresh), board: fresh.board, log: fresh.log, media: fresh.media, epoch: fresh.epoch, offset: fresh.offset };
    } catch (error) {
      if (error instanceof Refusal && !error.passing) this.refused.value = error;
      throw error;
    }
  }

  #take(fresh: RoomSnapshot): void {
    this.me = fresh.me;
    this.lecture.value = fresh.lecture;
    this.state.value = newer(this.state.value, fresh.room);
    this.lines.value = fresh.lines;
    this.voted.value = new Set([...fresh.voted, ...this.voted.value]);
    this.muted.value = fresh.muted;
    const startedAt = (): number => Date.parse(this.state.value?.started_at ?? "");
    if (fresh.me !== "lecturer" && fresh.sound !== null) this.ears.value ??= earsFor(fresh.sound, startedAt);
    if (fresh.sound !== null) this.floor.listens(fresh.sound, startedAt);
    this.deaf.value = fresh.me !== "lecturer" && fresh.sound !== null && this.ears.value === null;
    this.sight.take(fresh);
    this.#tune();
    this.pulse.take(fresh);
    if (fresh.staff !== null && this.#staff === null) this.#watchStaff(fresh.staff.channel);
  }

  /** What is held back is told on a channel of its own; its snapshot is the room's. */
  #watchStaff(channel: string): void {
    this.#staff = channel;
    this.link.watch(channel, {
      load: async () => {
        const fresh = await lectures.room(this.id);
        this.lines.value = fresh.lines.reduce<LineView[]>((lines, line) => lectures.withLine(lines, line, true), [...this.lines.value]);
        this.pulse.take(fresh);
        return fresh.staff ?? { epoch: "", offset: 0 };
      },
      event: (event) => {
        if (event.type === "line") this.#said(event.line);
        this.pulse.hears(event);
      },
    });
  }

  #hears(event: AnyEvent): void {
    if (event.type === "line") this.#said(event.line);
    this.pulse.hears(event);
    if (event.type !== "room") return;
    this.state.value = newer(this.state.value, event.room);
    this.#tune();
    const session = this.board.knows.value.session;
    if (session !== null) this.board.take({ ...session, ...this.#moving(event.room) });
  }

  #tune(pictures = this.sight.wants.value): void {
    const state = this.state.peek();
    if (state === null) return;
    this.sight.tune(state);
    this.floor.tune(state);
    this.ears.peek()?.tune(state.take?.number ?? null, pictures && state.take?.picture === true);
    if (state.state === "over") {
      void this.camera.stop();
      void this.broadcast.stop();
      this.ears.peek()?.close();
    }
  }

  #said(line: LineView): void {
    this.lines.value = lectures.withLine(this.lines.value, line, this.keeper);
  }

  #moving({ version, state, started_at }: RoomState): Pick<SessionView, "version" | "state" | "opened_at"> {
    return { version, state: state === "over" || state === "cancelled" ? "ended" : "open", opened_at: started_at ?? new Date(this.link.now()).toISOString() };
  }

  /** As the board knows it: a session whose other side is a crowd. */
  #session({ lecture, room, me }: RoomSnapshot): SessionView {
    return {
      id: this.id, question_id: this.id, me: me === "lecturer" ? "teacher" : "student", teacher_name: lecture.lecturer_name, assignment_epoch: this.#mine, ended_at: room.ended_at, subject: lecture.subject,
      grade: lecture.grades[0] ?? 1, text: "", read_text: "", media: [], followers: 0, peer_online: true, ends_at: lecture.ends_at, active_at: lecture.starts_at, paused_at: null, ended_why: null, related: [],
      knowledge_points: [], doubts: [], difficulty: null, reminder: "", kind: "live", title: lecture.title, keeps_pupil: false, ...this.#moving(room),
    };
  }
}

