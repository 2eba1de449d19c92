// The live session, as teacher and pupil see it: one board, both draw, both write, the teacher speaks.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Board, Page } from "./board";
import { Chat, LostButton, LostNotice } from "./chat";
import { Ending } from "./ending";
import { flowed } from "./flow";
import { Sheet } from "./ink";
import { Lesson } from "./lesson";
import { PupilMic, TeacherMic } from "./mic";
import { theLink } from "./page";
import { Attachments, Icon, LinkBadge, Notice, linkState, type IconName } from "./parts";
import type { AnswerView, SessionView } from "./protocol";
import { Room } from "./room";
import { FIRST, Pages, Toolbar, nibOf, type Tools } from "./toolbar";
import { clock, say, subjectAndGrade } from "./words";

const BLANK_ASPECT = 6_000; // a page of the form of a tablet on its side, less the bars
const TEXT_SIZE = 320;
const LINE = 480; // of text of that size
const MARGIN = 500;

interface Props {
  id: string;
  onleave: () => void;
  onfinished?: (answer: AnswerView) => void;
}

export function LiveSession({ id, onleave, onfinished }: Props) {
  const words = say.value;
  const room = useMemo(() => new Room(id, theLink()), [id]);
  const lesson = useMemo(() => new Lesson(room), [room]);
  useEffect(() => () => {
    void lesson.stop();
    room.close();
  }, [room]);
  const session = room.knows.value.session;
  const teaching = session?.me === "teacher" && session.state === "open";
  useEffect(() => {
    if (teaching) void lesson.start();
  }, [teaching]);
  const cut = useCut();

  if (room.missing.value) return <Apart icon="clock" title={words.noSession} more={words.noSessionMore} onleave={onleave} />;
  if (session === null || room.board.value === null) {
    return <main class="room room-wait"><span class="spinner" aria-hidden="true" /><p role="status">{cut ? words.ownLinkLost : words.loadingBoard}</p><button class="button" onClick={onleave}>{words.leave}</button></main>;
  }
  if (session.state === "ended") return <Ended session={session} onleave={onleave} />;
  return (
    <main class={`room room-${session.me}`} aria-label={words.live}>
      <Head room={room} session={session} lesson={lesson} onleave={onleave} onfinished={onfinished ?? (() => {})} />
      <Notes room={room} session={session} lesson={lesson} />
      <Desk room={room} session={session} />
      <Side room={room} session={session} />
    </main>
  );
}

interface Inside {
  room: Room;
  session: SessionView;
}

function Head({ room, session, lesson, onleave, onfinished }: Inside & { lesson: Lesson; onleave: () => void; onfinished: (answer: AnswerView) => void }) {
  const words = say.value;
  const teacher = session.me === "teacher";
  return (
    <header class="room-head">
      {!teacher && <button class="bar-button" onClick={onleave} aria-label={words.leave}><Icon name="back" /></button>}
      <h1 class="room-title">{teacher ? subjectAndGrade(session.subject, session.grade) : words.videoBy(session.teacher_name)}</h1>
      <span class={session.peer_online ? "peer peer-here" : "peer"} role="status">
        <span class="link-dot" aria-hidden="true" />
        <span class="peer-words">{session.peer_online ? words.peerHere : words.peerGone}</span>
      </span>
      <Timer room={room} />
      <span class="bar-gap" />
      <LinkBadge />
      {teacher ? <TeacherMic lesson={lesson} /> : <PupilMic room={room} />}
      {teacher && <Ending room={room} session={session} lesson={lesson} onfinished={onfinished} onhandedback={onleave} />}
    </header>
  );
}

function Timer({ room }: { room: Room }) {
  const [now, setNow] = useState(room.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(room.now()), 1_000);
    return () => clearInterval(timer);
  }, [room]);
  return <span class="timer digits" role="timer">{clock(now)}</span>;
}

function Notes({ room, session, lesson }: Inside & { lesson: Lesson }) {
  const words = say.value;
  const teacher = session.me === "teacher";
  const unsent = room.unsent.value;
  const cut = useCut();
  if (cut) return <div class="room-notes"><Notice kind="warning">{words.ownLinkLost}</Notice></div>;
  return (
    <div class="room-notes">
      {!session.peer_online && <Notice kind="warning">{teacher ? words.peerGoneStudent : words.peerGoneTeacher}</Notice>}
      {teacher && lesson.state.value === "refused" && <Notice kind="warning">{words.micRefused}</Notice>}
      {teacher && lesson.state.value === "unplugged" && <Notice kind="warning">{words.micUnplugged}</Notice>}
      {room.call?.state.value === "relayed" && <Notice>{words.voiceRelayed}</Notice>}
      {!teacher && room.call?.state.value === "lost" && <Notice kind="warning">{words.voiceLost}</Notice>}
      {teacher && <LostNotice room={room} />}
      {unsent > 3 && <Notice kind="warning">{words.unsaved(unsent)}</Notice>}
    </div>
  );
}

const CUT_MS = 2_500; // a shorter gap mends itself before it is read

/** Whether this side's own link is gone, and not just for a blink. */
function useCut(): boolean {
  const away = linkState.value !== "online";
  const [cut, setCut] = useState(false);
  useEffect(() => {
    if (!away) return setCut(false);
    const timer = setTimeout(() => setCut(true), linkState.value === "offline" ? 0 : CUT_MS);
    return () => clearTimeout(timer);
  }, [away, linkState.value === "offline"]);
  return cut && away;
}

function Desk({ room, session }: Inside) {
  const tools = useSignal<Tools>(FIRST);
  const writing = useSignal<{ page: string; x: number; y: number } | null>(null);
  const board = room.board.value!;
  const page = (board.current === null ? null : board.pages.get(board.current)) ?? null;
  const nib = nibOf(tools.value);
  const writeBelow = (): void => {
    if (page) writing.value = { page: page.page, x: MARGIN, y: freeLine(board, page) };
  };
  const media = page?.media === undefined ? undefined : (room.knows.value.media[page.media] ?? session.media.find(({ id }) => id === page.media));
  return (
    <section class="desk" aria-label={say.value.board}>
      <Sheet
        board={board} page={page} address={media?.url ?? null} nib={nib} locked={false} live={room.live.value}
        onink={(stroke, points) => room.ink(stroke, points)}
        onstroke={(stroke) => room.stroke(stroke)}
        ontap={(x, y) => page && (writing.value = { page: page.page, x, y })}
      />
      <Toolbar tools={tools} canUndo={room.canUndo.value} onundo={() => room.undo()} onwrite={writeBelow} />
      <Pages board={board} teacher={session.me === "teacher"} onturn={(to) => room.turn(to)} onadd={() => room.addPage(BLANK_ASPECT)} />
      {writing.value && (
        <Writing
          onput={(text) => {
            const { page, x, y } = writing.value!;
            room.write(page, x, y, text, nib.color, TEXT_SIZE);
            writing.value = null;
          }}
          oncancel={() => (writing.value = null)}
        />
      )}
    </section>
  );
}

/** The first line below all texts of a page: where somebody without a pointer goes on writing. */
function freeLine(board: Board, page: Page): number {
  const lines = [...board.marks.values()].flatMap((mark) => (mark.kind === "text" && mark.page === page.page ? mark.y + LINE * mark.text.split("\n").length : []));
  return Math.min(Math.max(MARGIN, ...lines), page.aspect - LINE);
}

function Writing({ onput, oncancel }: { onput: (text: string) => void; oncancel: () => void }) {
  const words = say.value;
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <form class="writing" onSubmit={(event) => { event.preventDefault(); if (text.trim()) onput(text.trim()); }} onKeyDown={(event) => event.key === "Escape" && oncancel()}>
      <textarea ref={box} rows={2} maxLength={500} aria-label={words.writeHere} placeholder={words.writeHere} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button class="button" type="button" onClick={oncancel}>{words.cancel}</button>
      <button class="button primary">{words.put}</button>
    </form>
  );
}

function Side({ room, session }: Inside) {
  const words = say.value;
  const said = room.board.value!.said;
  const [open, setOpen] = useState(false);
  const [seen, setSeen] = useState(said.length);
  const toggle = (): void => {
    setOpen(!open);
    setSeen(said.length);
  };
  const fresh = open ? 0 : said.length - seen;
  return (
    <aside class={open ? "side side-open" : "side"}>
      <div class="side-foot">
        {session.me === "student" && <LostButton room={room} />}
        <button class="side-toggle" aria-expanded={open} onClick={toggle}>
          <Icon name="chat" />{words.chat}{fresh > 0 && <span class="count">{fresh}</span>}
        </button>
      </div>
      <div class="side-body">
        <section class="side-problem" aria-label={words.problem} tabIndex={0}>
          <h2>{words.problem}</h2>
          {session.followers > 0 && <p class="followers"><Icon name="people" />{words.crowd(session.followers + 1)}</p>}
          {session.text && <p class="asked-text">{session.text}</p>}
          {session.read_text && <p class="read-text">{flowed(session.read_text)}</p>}
          <Attachments media={session.media.filter(({ kind }) => kind !== "photo")} />
        </section>
        <Chat room={room} me={session.me} />
      </div>
    </aside>
  );
}

const ENDS: Record<NonNullable<SessionView["ended_why"]>, IconName> = { finished: "check", handed_back: "people", teacher_gone: "clock", withdrawn: "undo" };

function Ended({ session, onleave }: { session: SessionView; onleave: () => void }) {
  const why = session.ended_why ?? "finished";
  const [title, more] = say.value.ended[session.me][why] as [string, string];
  return <Apart icon={ENDS[why]} title={title} more={more} onleave={onleave} />;
}

/** Instead of a board: what became of it. */
function Apart({ icon, title, more, onleave }: { icon: IconName; title: string; more: string; onleave: () => void }) {
  return (
    <main class="room room-wait">
      <span class="apart-mark"><Icon name={icon} /></span>
      <h1>{title}</h1>
      {more && <p class="muted">{more}</p>}
      <button class="button primary large" onClick={onleave}>{say.value.backHome}</button>
    </main>
  );
}
