// The live session, as teacher and pupil see it: one board, both draw, both write, the teacher speaks.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Chat, LostButton, LostNotice } from "./chat";
import { Desk } from "./desk";
import { Ending } from "./ending";
import { flowed } from "./flow";
import { Lesson } from "./lesson";
import { MicNotice, PupilMic, TeacherMic, useSpeaking } from "./mic";
import { theLink } from "./page";
import { Attachments, Icon, LinkBadge, Notice, useCut, type IconName } from "./parts";
import type { AnswerView, SessionView } from "./protocol";
import { Related } from "./related";
import { Room } from "./room";
import { studio } from "./studio-words";
import { PauseButton, Reminder, Vigil } from "./vigil";
import { clock, say, subjectAndGrade } from "./words";

interface Props {
  id: string;
  watching?: boolean; // by one who follows the question
  onleave: () => void;
  onfinished?: (answer: AnswerView) => void;
}

export function LiveSession({ id, watching = false, onleave, onfinished }: Props) {
  const words = say.value;
  const room = useMemo(() => new Room(id, theLink(), watching), [id]);
  const lesson = useMemo(() => new Lesson(room), [room]);
  const session = room.knows.value.session;
  const teaching = session?.me === "teacher" && session.state === "open";
  useSpeaking(lesson, teaching, session?.paused_at !== null);
  useEffect(() => () => room.close(), [room]);
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
      {session.me !== "follower" && <Side room={room} session={session} me={session.me} />}
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
  const watches = session.me === "follower";
  return (
    <header class="room-head">
      {!teacher && <button class="bar-button" onClick={onleave} aria-label={words.leave}><Icon name="back" /></button>}
      <h1 class="room-title">{teacher ? subjectAndGrade(session.subject, session.grade) : words.videoBy(session.teacher_name)}</h1>
      {!watches && (
        <span class={room.peer.value ? "peer peer-here" : "peer"} role="status">
          <span class="link-dot" aria-hidden="true" />
          <span class="peer-words">{room.peer.value ? words.peerHere : words.peerGone}</span>
        </span>
      )}
      <WatchedBy room={room} />
      <Timer room={room} />
      {teacher && <PauseButton room={room} session={session} />}
      <span class="bar-gap" />
      <LinkBadge />
      {teacher ? <TeacherMic lesson={lesson} /> : watches ? <WatcherSound room={room} /> : <PupilMic room={room} kept={session.keeps_pupil} />}
      {teacher && <Ending room={room} session={session} lesson={lesson} onfinished={onfinished} onhandedback={onleave} />}
    </header>
  );
}

/** Whoever teaches or is taught knows that others look on: how many, and never who. */
function WatchedBy({ room }: { room: Room }) {
  const count = room.watchers.count.value;
  if (count === 0) return null;
  return <span class="watched" role="status" title={say.value.watched(count)}><Icon name="eye" /><span class="digits" aria-hidden="true">{count}</span><span class="visually-hidden">{say.value.watched(count)}</span></span>;
}

const TOLD_MS = 12_000; // then the number in the head is enough

/** The pupil is told in words when others begin to look on. */
function WatchedNotice({ room }: { room: Room }) {
  const count = room.watchers.count.value;
  const [told, setTold] = useState(false);
  useEffect(() => {
    setTold(false);
    const timer = setTimeout(() => setTold(true), TOLD_MS);
    return () => clearTimeout(timer);
  }, [count > 0]);
  return count === 0 || told ? null : <Notice>{say.value.watched(count)}</Notice>;
}

function WatcherSound({ room }: { room: Room }) {
  if (!room.ear?.silenced.value) return null;
  return <button class="button small primary" onClick={() => room.ear?.listen()}><Icon name="sound" />{say.value.hear}</button>;
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
  if (session.me === "follower") {
    return <div class="room-notes"><Notice>{session.paused_at === null ? words.youWatch : words.pausedTheirs}{room.ear === null && ` ${words.voiceLost}`}</Notice></div>;
  }
  return (
    <div class="room-notes">
      {!room.peer.value && <Notice kind="warning">{teacher ? words.peerGoneStudent : words.peerGoneTeacher}</Notice>}
      {teacher && <MicNotice lesson={lesson} />}
      {room.call.value?.state.value === "relayed" && <Notice>{words.voiceRelayed}</Notice>}
      {!teacher && room.call.value?.state.value === "lost" && <Notice kind="warning">{words.voiceLost}</Notice>}
      {teacher && <LostNotice room={room} />}
      {teacher && <Reminder session={session} />}
      <Vigil room={room} session={session} lesson={lesson} />
      {session.me === "student" && room.call.value?.state.value === "talking" && session.keeps_pupil && <Notice>{studio.value.voiceKept}</Notice>}
      {!teacher && <WatchedNotice room={room} />}
      {!teacher && room.board.value!.locked && <Notice kind="info">{words.penLocked}</Notice>}
      {unsent > 3 && <Notice kind="warning">{words.unsaved(unsent)}</Notice>}
    </div>
  );
}

function Side({ room, session, me }: Inside & { me: "teacher" | "student" }) {
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
        {me === "student" && <LostButton room={room} />}
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
          <Related related={session.related} />
        </section>
        <Chat room={room} me={me} />
      </div>
    </aside>
  );
}

const ENDS: Record<NonNullable<SessionView["ended_why"]>, IconName> = { finished: "check", handed_back: "people", teacher_gone: "clock", silent: "clock", withdrawn: "undo", dropped: "undo" };

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
