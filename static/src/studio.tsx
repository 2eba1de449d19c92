// Recording without a pupil: an answer to a question that waits, a short lesson, an answer anew from a moment on.
import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "./api";
import { Desk } from "./desk";
import { Editing } from "./edit";
import { Ending } from "./ending";
import { flowed } from "./flow";
import { Lesson } from "./lesson";
import { MicNotice, TeacherMic, useSpeaking } from "./mic";
import { theLink } from "./page";
import { Offer, loadOffers, offered, waits } from "./offered";
import { Attachments, Dialog, Empty, Icon, LinkBadge, Notice } from "./parts";
import { proposalSay } from "./proposal-words";
import { recordIt } from "./proposals";
import type { AnswerView, Me, SessionView, Subject, WaitingView } from "./protocol";
import { Room } from "./room";
import { studio } from "./studio-words";
import { clock, moment, say, sentence, subjectAndGrade } from "./words";

interface Props {
  id: string;
  onleave: () => void;
  onfinished: (answer: AnswerView) => void;
}

export function Studio({ id, onleave, onfinished }: Props) {
  const words = say.value;
  const room = useMemo(() => new Room(id, theLink()), [id]);
  const lesson = useMemo(() => new Lesson(room), [room]);
  const session = room.knows.value.session;
  useSpeaking(lesson, session?.state === "open", false);
  useEffect(() => () => room.close(), [room]);
  if (room.missing.value || session?.state === "ended") {
    return (
      <main class="room room-wait">
        <h1>{session?.ended_why === "dropped" ? studio.value.dropped : words.ended.teacher.finished[0]}</h1>
        <button class="button primary large" onClick={onleave}>{words.backHome}</button>
      </main>
    );
  }
  if (session === null || room.board.value === null) {
    return <main class="room room-wait"><span class="spinner" aria-hidden="true" /><p role="status">{words.loadingBoard}</p><button class="button" onClick={onleave}>{words.leave}</button></main>;
  }
  return (
    <main class="room room-teacher" aria-label={studio.value.kinds[session.kind]}>
      <header class="room-head">
        <h1 class="room-title">{studio.value.kinds[session.kind]} · {session.title || subjectAndGrade(session.subject, session.grade)}</h1>
        <Timer room={room} />
        <span class="bar-gap" />
        <LinkBadge />
        <TeacherMic lesson={lesson} />
        {session.kind === "answer" ? <Ending room={room} session={session} lesson={lesson} onfinished={onfinished} onhandedback={onleave} /> : <AloneEnding room={room} session={session} lesson={lesson} onfinished={onfinished} ondropped={onleave} />}
      </header>
      <div class="room-notes">
        <MicNotice lesson={lesson} />
        {room.unsent.value > 3 && <Notice kind="warning">{words.unsaved(room.unsent.value)}</Notice>}
      </div>
      <Desk room={room} session={session} />
      {(session.text || session.read_text || session.media.length > 0) && (
        <aside class="side side-open">
          <div class="side-body">
            <section class="side-problem" aria-label={words.problem} tabIndex={0}>
              <h2>{words.problem}</h2>
              {session.text && <p class="asked-text">{session.text}</p>}
              {session.read_text && <p class="read-text">{flowed(session.read_text)}</p>}
              <Attachments media={session.media.filter(({ kind }) => kind !== "photo")} />
            </section>
          </div>
        </aside>
      )}
    </main>
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

interface AloneProps {
  room: Room;
  session: SessionView;
  lesson: Lesson;
  onfinished: (answer: AnswerView) => void;
  ondropped: () => void;
}

function AloneEnding({ room, session, lesson, onfinished, ondropped }: AloneProps) {
  const [words, more] = [say.value, studio.value];
  const [asked, setAsked] = useState<"nothing" | "keep" | "drop">("nothing");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const retake = session.kind === "retake";
  const during = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await work().catch((error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  const keep = (): Promise<void> => during(async () => {
    const recordings = await lesson.recordings();
    onfinished(await api.finish(room.id, { assignment_epoch: session.assignment_epoch, recordings, knowledge_points: [] }, `finish-${room.id}`));
  });
  const drop = (): Promise<void> => during(async () => {
    await lesson.stop();
    await api.drop(room.id);
    ondropped();
  });
  const close = (): void => setAsked("nothing");
  return (
    <>
      <button class="button quiet-light" onClick={() => setAsked("drop")}>{more.drop}</button>
      <button class="button primary-light" onClick={() => setAsked("keep")}>{retake ? more.keepRetake : more.keepLesson}</button>
      {asked !== "nothing" && (
        <Dialog title={asked === "drop" ? more.sureDrop : retake ? more.sureRetake : more.sureLesson} onclose={close} actions={
          <>
            <button class="button" disabled={busy} onClick={close}>{more.keepOn}</button>
            {asked === "drop" ? <button class="button danger" disabled={busy} onClick={() => void drop()}>{more.drop}</button> : <button class="button primary" disabled={busy} onClick={() => void keep()}>{busy ? words.finishing : retake ? more.keepRetake : more.keepLesson}</button>}
          </>
        }>
          <p>{asked === "drop" ? more.moreDrop : retake ? more.moreRetake : more.moreLesson}</p>
          {wrong && <Notice kind="error">{wrong}</Notice>}
        </Dialog>
      )}
    </>
  );
}

/** On the teacher's page: what waits to be recorded, and lessons. `waiting` grows and shrinks with the queue. */
export function Recordings({ who, waiting, busy, onsession }: { who: Me; waiting: number; busy: boolean; onsession: (id: string) => void }) {
  const [words, more] = [say.value, studio.value];
  const [questions, setQuestions] = useState<readonly WaitingView[] | null>(null);
  const [lessons, setLessons] = useState<readonly AnswerView[]>([]);
  const [wrong, setWrong] = useState<string | null>(null);
  const [taking, setTaking] = useState(false);
  const load = (): void => {
    api.waiting().then(({ questions }) => setQuestions(questions), () => undefined);
    api.lessons().then(({ lessons }) => setLessons(lessons), () => undefined);
    void loadOffers();
  };
  useEffect(load, [waiting]);
  const enter = async (open: () => Promise<SessionView>): Promise<void> => {
    setTaking(true);
    setWrong(null);
    await open().then(({ id }) => onsession(id), (error: unknown) => {
      setWrong(sentence(error));
      load();
    });
    setTaking(false);
  };
  const proposed = offered.value.filter((each) => each.form === "lesson" && (waits(each) || each.taught?.state === "recording"));
  const renew = (fresh: AnswerView): void => setLessons(lessons.map((known) => (known.id === fresh.id ? fresh : known)));
  return (
    <section class="card recordings" aria-labelledby="record-title">
      <h2 id="record-title">{more.recordTitle}</h2>
      <p class="muted small">{more.recordMore}</p>
      {wrong && <Notice kind="error">{wrong}</Notice>}
      {questions?.length === 0 && <Empty title={more.nothingWaits}>{more.nothingWaitsMore}</Empty>}
      <ul class="done">
        {questions?.map((question) => (
          <li key={question.question_id} class="to-record">
            <div>
              <p class="done-text">{flowed(question.text) || more.noWords}</p>
              <p class="muted small">{subjectAndGrade(question.subject, question.grade)} · {moment(question.asked_at)}{question.photos > 0 && ` · ${more.photos(question.photos)}`}{question.followers > 0 && ` · ${more.crowd(question.followers)}`}</p>
            </div>
            <button class="button small" disabled={busy || taking} onClick={() => void enter(() => api.record(question.question_id))}><Icon name="mic" />{more.record}</button>
          </li>
        ))}
      </ul>
      {proposed.length > 0 && <h3>{proposalSay.value.offers}</h3>}
      {proposed.map((each) => <Offer key={each.proposal_id} of={each} onrecord={() => void enter(() => recordIt(each.proposal_id))} />)}
      <details>
        <summary>{more.lesson}</summary>
        <NewLesson who={who} busy={busy || taking} onbegin={(body) => void enter(() => api.beginLesson(body))} />
      </details>
      {lessons.length > 0 && (
        <>
          <h3>{more.myLessons}</h3>
          <ul class="done">
            {lessons.map((lesson) => (
              <li key={lesson.id}>
                <p class="done-text">{lesson.title}</p>
                <span class={`state state-${lesson.state}`}>{lesson.state === "rendering" ? words.videoRendering : lesson.state === "published" ? words.videoPublished : words.videoFailed}</span>
                <Editing answer={lesson} onchange={renew} onsession={onsession} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function NewLesson({ who, busy, onbegin }: { who: Me; busy: boolean; onbegin: (body: { title: string; subject: Subject; grade: number; knowledge_point: string }) => void }) {
  const [words, more] = [say.value, studio.value];
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const read = (name: string): string => String(form.get(name) ?? "").trim();
    if (!read("title") || !read("point")) return;
    onbegin({ title: read("title"), subject: read("subject") as Subject, grade: Number(read("grade")), knowledge_point: read("point") });
  };
  return (
    <form class="stack" onSubmit={submit}>
      <p class="muted small">{more.lessonMore}</p>
      <label class="field"><span>{more.lessonTitle}</span><input name="title" maxLength={80} required /></label>
      <label class="field"><span>{more.lessonPoint}</span><input name="point" maxLength={60} required /></label>
      <label class="field"><span>{words.subject}</span>
        <select name="subject">{who.subjects.map((subject) => <option key={subject} value={subject}>{words.subjects[subject]}</option>)}</select>
      </label>
      <label class="field"><span>{words.grade}</span>
        <select name="grade">{words.grades.map((grade, n) => <option key={grade} value={n + 1}>{grade}</option>)}</select>
      </label>
      <button class="button primary" disabled={busy}>{more.begin}</button>
    </form>
  );
}
