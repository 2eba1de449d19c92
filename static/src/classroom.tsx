// The room of a lecture: the board, questions with votes, the chat; for who keeps it in order the rest.
import { useEffect, useMemo, useState } from "preact/hooks";
import { airSay } from "./air-words";
import { Auditorium } from "./auditorium";
import { Desk } from "./desk";
import { Hands, LostMeter, MutedList, Taps, Word } from "./hands";
import { newId } from "./ids";
import { lectureSay } from "./lecture-words";
import * as lectures from "./lectures";
import { theLink } from "./page";
import { Dialog, Empty, Icon, LinkBadge, Notice, useCut } from "./parts";
import { AirCamera, PictureNotes, RoomPicture } from "./picture";
import { PollCard, Polls } from "./polls";
import type { Attendance, LineView } from "./protocol";
import { pulseSay } from "./pulse-words";
import { Rewound, TimeLine } from "./rewind";
import { AirMic, Checks, SoundNotes } from "./sound";
import { FloorBar } from "./speak";
import { clock, problemIn, say, sentence } from "./words";

const LOOK_MS = 10_000; // at who is there
const SLOW_S = [0, 5, 15, 30, 60];
const LONGEST = 200;

type Tab = "questions" | "hands" | "polls" | "chat" | "held" | "people";

export function Classroom({ id, onleave }: { id: string; onleave: () => void }) {
  const words = lectureSay.value;
  const hall = useMemo(() => new Auditorium(id, theLink()), [id]);
  useEffect(() => () => hall.close(), [hall]);
  const state = hall.state.value;
  const session = hall.board.knows.value.session;
  const back = hall.me === "lecturer" && state?.state === "live" && !hall.draws && !hall.starting.value; // the room may hear of it before she does
  const [taken, setTaken] = useState(false);
  useEffect(() => {
    if (taken || !(back || hall.draws)) return;
    setTaken(true); // once: a page that has drawn takes over again only when it is asked to
    if (back) void hall.start().catch(() => undefined); // the browser came back, or it is another one
  }, [back, hall.draws, taken]);
  useEffect(() => {
    if (!hall.draws) return;
    const camera = hall.camera.wanted.value;
    hall.camera.wanted.value = false; // once: a page that comes back shows nobody who has not said so
    void hall.broadcast.start().then(() => (camera ? hall.camera.start() : undefined)); // where she said no, a button asks again
  }, [hall.draws]);
  const cut = useCut();
  const [rewound, setRewound] = useState<number | null>(null); // ms from which the lecture is heard again, while it goes on
  useEffect(() => {
    hall.ears.value?.hush(rewound !== null);
    hall.floor.rewind(rewound !== null);
  }, [hall.ears.value, rewound === null]);

  if (hall.refused.value !== null) return <Apart title={words.gone} more={problemIn(hall.refused.value.problem)} onleave={onleave} />;
  if (state === null || session === null || hall.board.board.value === null) {
    return <main class="room room-wait"><span class="spinner" aria-hidden="true" /><p role="status">{words.opening}</p><button class="button" onClick={onleave}>{say.value.leave}</button></main>;
  }
  if (state.state === "over" || state.state === "cancelled") return <Apart title={words.ended} more={words.endedMore} onleave={onleave} replay={state.state === "over" ? id : null} />;
  return (
    <main class={`room room-lecture room-${session.me}`} aria-label={words.room}>
      <Head hall={hall} onleave={onleave} />
      <div class="room-notes">
        {cut && <Notice kind="warning">{say.value.ownLinkLost}</Notice>}
        {back && taken && <div class="notice notice-warning notice-acts" role="alert"><span>{words.elsewhere}</span><button class="button small" onClick={() => void hall.start().catch(() => undefined)}>{words.takeOver}</button></div>}
        {hall.muted.value && <Notice>{words.muted}</Notice>}
        <FloorBar hall={hall} />
        {rewound === null ? <><SoundNotes hall={hall} /><PictureNotes hall={hall} /></> : <Notice>{airSay.value.stillLive}</Notice>}
      </div>
      {state.state === "live" && rewound !== null ? <Rewound hall={hall} from={rewound} onlive={() => setRewound(null)} /> : state.state === "live" ? <Desk room={hall.board} session={session} watching={!hall.draws} /> : <section class="desk room-wait"><h2>{hall.me === "lecturer" ? words.notOnAir : words.notBegun}</h2><p class="muted">{hall.me === "lecturer" ? words.notOnAirMore : words.notBegunMore}</p>{hall.me === "lecturer" && <Checks hall={hall} />}</section>}
      {state.state === "live" && rewound === null && hall.me !== "lecturer" && <TimeLine hall={hall} ongo={setRewound} />}
      <Side hall={hall} />
      {state.state === "live" && rewound === null && <RoomPicture hall={hall} />}
    </main>
  );
}

function Head({ hall, onleave }: { hall: Auditorium; onleave: () => void }) {
  const words = lectureSay.value;
  const state = hall.state.value!;
  const live = state.state === "live";
  const [sure, setSure] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const [now, setNow] = useState(hall.board.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(hall.board.now()), 1_000);
    return () => clearInterval(timer);
  }, [hall]);
  const act = (work: Promise<unknown>): void => void work.then(() => setSure(false), (error: unknown) => setNo(sentence(error)));
  return (
    <header class={hall.draws ? "room-head room-head-draws" : "room-head"}>
      <button class="bar-button" onClick={onleave} aria-label={say.value.leave}><Icon name="back" /></button>
      <h1 class="room-title">{hall.lecture.value?.title}</h1>
      {live && <span class="state state-live">{words.live}</span>}
      {live && <span class="timer digits" role="timer">{clock(now)}</span>}
      <span class="bar-gap" />
      <LinkBadge />
      {hall.draws && <AirMic hall={hall} />}
      {hall.draws && <AirCamera hall={hall} />}
      {no && <span role="alert">{no}</span>}
      {hall.me === "lecturer" && !live && <button class="button primary-light" onClick={() => act(hall.start())}>{words.goLive}</button>}
      {hall.keeper && live && <button class="button quiet-light" onClick={() => setSure(true)}>{words.endLive}</button>}
      {sure && (
        <Dialog title={words.sureEnd} onclose={() => setSure(false)} actions={
          <>
            <button class="button" onClick={() => setSure(false)}>{words.goOn}</button>
            <button class="button danger" onClick={() => act(hall.end())}>{words.endLive}</button>
          </>
        }>
          <p>{words.sureEndMore}</p>
        </Dialog>
      )}
    </header>
  );
}

function Side({ hall }: { hall: Auditorium }) {
  const words = lectureSay.value;
  const [tab, setTab] = useState<Tab>("questions");
  const [open, setOpen] = useState(false);
  const held = hall.lines.value.filter(({ state }) => state === "held");
  const tabs: Tab[] = hall.keeper ? ["questions", "hands", "polls", "chat", "held", "people"] : ["questions", "chat"];
  const counts: Partial<Record<Tab, number>> = { held: held.length, hands: hall.pulse.hands.value?.count ?? 0 };
  const name = (each: Tab): string => (each === "hands" || each === "polls" ? pulseSay.value[each] : words[each]);
  const live = hall.state.value!.state === "live";
  const choose = (next: Tab): void => {
    setOpen(!(open && next === tab));
    setTab(next);
  };
  return (
    <aside class={open ? "side side-open" : "side"}>
      {hall.me === "pupil" && live && <><PollCard hall={hall} /><Word hall={hall}><Speak hall={hall} kind="question" label={pulseSay.value.yourQuestion} /></Word><Taps hall={hall} /></>}
      {hall.pulse.lost.value !== null && live && <LostMeter lost={hall.pulse.lost.value} />}
      <nav class="tabs side-tabs" aria-label={words.room}>
        {tabs.map((each) => <button key={each} aria-current={tab === each ? "page" : undefined} aria-expanded={open && tab === each} onClick={() => choose(each)}>{name(each)}{(counts[each] ?? 0) > 0 && <span class="count">{counts[each]}</span>}</button>)}
      </nav>
      <div class="side-body">
        {tab === "questions" && <Questions hall={hall} />}
        {tab === "hands" && <Hands hall={hall} />}
        {tab === "polls" && <Polls hall={hall} />}
        {tab === "chat" && <Chat hall={hall} />}
        {tab === "held" && <ul class="lines" aria-label={words.held}>{held.length === 0 ? <Empty title={words.noHeld} /> : held.map((line) => <Line key={line.number} hall={hall} line={line} />)}</ul>}
        {tab === "people" && <><People id={hall.id} /><MutedList hall={hall} /></>}
      </div>
    </aside>
  );
}

function Questions({ hall }: { hall: Auditorium }) {
  const words = lectureSay.value;
  const questions = lectures.byVotes(hall.lines.value);
  return (
    <section class="talk" aria-label={words.questions}>
      <ul class="lines" aria-live="polite">
        {questions.length === 0 && <Empty title={words.noQuestions}>{hall.me === "pupil" && words.noQuestionsMore}</Empty>}
        {questions.map((line) => <Line key={line.number} hall={hall} line={line} />)}
      </ul>
      {hall.me === "pupil" && <Speak hall={hall} kind="question" label={words.askHere} />}
    </section>
  );
}

function Chat({ hall }: { hall: Auditorium }) {
  const words = lectureSay.value;
  const said = hall.lines.value.filter(({ kind }) => kind === "chat");
  const end = said.length;
  useEffect(() => document.querySelector(".talk .lines li:last-child")?.scrollIntoView({ block: "nearest" }), [end]);
  return (
    <section class="talk" aria-label={words.chat}>
      {hall.keeper && (
        <label class="breath">{words.slow}
          <select value={String(hall.state.value!.slow_s)} onChange={(event) => void lectures.slow(hall.id, Number(event.currentTarget.value)).catch(() => undefined)}>{SLOW_S.map((s) => <option key={s} value={String(s)}>{words.slowOf(s)}</option>)}</select>
        </label>
      )}
      <ul class="lines" aria-live="polite">
        {said.length === 0 && <Empty title={words.noChat} />}
        {said.map((line) => <Line key={line.number} hall={hall} line={line} />)}
      </ul>
      <Speak hall={hall} kind="chat" label={words.sayHere} />
    </section>
  );
}

function Speak({ hall, kind, label }: { hall: Auditorium; kind: LineView["kind"]; label: string }) {
  const words = lectureSay.value;
  const [text, setText] = useState("");
  const [line, setLine] = useState(newId());
  const [note, setNote] = useState<{ kind: "info" | "error"; text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (text.trim() === "") return;
    setBusy(true);
    try {
      const shown = await hall.say(kind, text.trim(), line);
      setNote(shown ? null : { kind: "info", text: words.waitsForLook });
      setText("");
      setLine(newId());
    } catch (error) {
      setNote({ kind: "error", text: sentence(error) });
    }
    setBusy(false);
  };
  const off = hall.state.value!.state !== "live" || hall.muted.value;
  return (
    <form class="chat-form speak" onSubmit={(event) => void send(event)}>
      {note && <Notice kind={note.kind}>{note.text}</Notice>}
      <div class="speak-row">
        <input type="text" maxLength={LONGEST} aria-label={label} placeholder={label} value={text} disabled={off} onInput={(event) => setText(event.currentTarget.value)} autoComplete="off" />
        <button class="button primary" disabled={busy || off}>{words.send}</button>
      </div>
    </form>
  );
}

function Line({ hall, line }: { hall: Auditorium; line: LineView }) {
  const words = lectureSay.value;
  const [more, setMore] = useState(false);
  const [sure, setSure] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const act = (work: Promise<unknown>): void => void work.then(() => { setNo(null); setSure(false); }, (error: unknown) => setNo(sentence(error)));
  const voted = hall.voted.value.has(line.number);
  const { number, state, kind } = line;
  return (
    <li class={`said-line said-line-${state}`}>
      <p class="said-head small"><b>{line.author_name}</b>{line.by_lecturer && <span class="tag tag-teacher">{words.teacherTag}</span>}{line.by_hand && <span class="tag">{pulseSay.value.byHand}</span>}{line.why_held && <span class="tag tag-example">{words.whyHeld[line.why_held]}</span>}{state === "hidden" && <span class="state">{words.hidden}</span>}{state === "answered" && <span class="state state-resolved"><Icon name="check" />{words.answered}</span>}</p>
      <p class="said-text">{line.text}</p>
      {no && <Notice kind="error">{no}</Notice>}
      <div class="row wrap said-acts">
        {kind === "question" && hall.me === "pupil" && state === "shown" && <button class="button small" disabled={voted} aria-pressed={voted} onClick={() => act(hall.vote(number))}>{words.same}</button>}
        {kind === "question" && line.votes > 0 && <span class="muted small digits">{words.votes(line.votes)}</span>}
        {hall.keeper && kind === "question" && state === "shown" && <button class="button small" onClick={() => act(hall.judge(number, "answered"))}>{words.markAnswered}</button>}
        {hall.keeper && (state === "held" || state === "hidden") && <button class="button small primary" onClick={() => act(hall.judge(number, "shown"))}>{words.show}</button>}
        {hall.keeper && state === "held" && <button class="button small" onClick={() => act(hall.judge(number, "hidden"))}>{words.hideLine}</button>}
        {hall.keeper && !line.by_lecturer && <button class="button quiet small" aria-expanded={more} aria-label={`${line.author_name}: …`} onClick={() => setMore(!more)}>…</button>}
      </div>
      {more && (
        <div class="row wrap">
          {state === "shown" && <button class="button small" onClick={() => act(hall.judge(number, "hidden"))}>{words.hideLine}</button>}
          <button class="button small" onClick={() => act(hall.rule(number, "mute"))}>{words.mute}</button>
          <button class="button small" onClick={() => act(hall.rule(number, "unmute"))}>{words.unmute}</button>
          <button class="button small danger" onClick={() => setSure(true)}>{words.removeAuthor}</button>
        </div>
      )}
      {sure && (
        <Dialog title={words.sureRemove} onclose={() => setSure(false)} actions={
          <>
            <button class="button" onClick={() => setSure(false)}>{words.no}</button>
            <button class="button danger" onClick={() => act(hall.rule(number, "remove"))}>{words.removeAuthor}</button>
          </>
        }>
          <p>{words.sureRemoveMore}</p>
        </Dialog>
      )}
    </li>
  );
}

function People({ id }: { id: string }) {
  const words = lectureSay.value;
  const [found, setFound] = useState<Attendance | null>(null);
  useEffect(() => {
    const look = (): void => void lectures.attendance(id).then(setFound, () => undefined);
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [id]);
  if (found === null) return <p role="status">{say.value.loading}</p>;
  return (
    <section class="talk" aria-label={words.people}>
      <p><b class="digits">{words.here(found.here)}</b></p>
      {found.listeners.length === 0 && <Empty title={words.noPeople} />}
      <ul class="lines">{found.listeners.map((each, n) => <li key={n} class="said-line listener"><span>{each.nickname}</span><span class="muted small digits">{words.stayed(Math.round(each.seconds / 60))} · {each.here ? words.listening : words.left}</span></li>)}</ul>
    </section>
  );
}

/** Instead of a room: why there is none. */
function Apart({ title, more, onleave, replay = null }: { title: string; more: string; onleave: () => void; replay?: string | null }) {
  return (
    <main class="room room-wait">
      <span class="apart-mark"><Icon name="clock" /></span>
      <h1>{title}</h1>
      <p class="muted">{more}</p>
      {replay !== null && <a class="button primary large" href={`#replay=${replay}`}>{airSay.value.replay}</a>}
      <button class={replay === null ? "button primary large" : "button large"} onClick={onleave}>{say.value.backHome}</button>
    </main>
  );
}
