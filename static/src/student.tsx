// The pupil's page: ask, see where each question is, meet the teacher.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { AskPanel } from "./ask";
import { composing, resume, revise, suggestGrade } from "./draft";
import { calm, ring } from "./notify";
import { lectureSay } from "./lecture-words";
import { discard, flush, letters, flushing, lookAgain, open, progress, type Letter } from "./outbox";
import { begin, leave, me, theLink, unreachable } from "./page";
import { DemoBanner, Dialog, Empty, Icon, Notice, Skeleton, Stopped, TopBar, Unreached, linkState } from "./parts";
import type { Me, QuestionView } from "./protocol";
import { QuestionCard, QuestionLine } from "./question";
import { Invitations, loadInvitations } from "./invited";
import { Reminder, loadPlaces, placeHeard } from "./reminder";
import { LiveSession } from "./session";
import { ToLibrary } from "./shelf";
import { byUrgency, isTheirTurn, newTurns, studentHears, withQuestion, withSnapshot, type Questions } from "./state";
import { moment, problemIn, say, sentence, subjectAndGrade } from "./words";

const questions = signal<Questions | null>(null);
const older = signal<Questions>([]); // pages turned back to
const earlier = signal<string | null>(null); // before this one there are more
const opened = signal<string | null>(null); // a question of the past that is looked at again
const session = signal(sessionInAddress());

/** The session that the address names, and whether it is one to watch only. */
function sessionInAddress(): { id: string; watching: boolean } | null {
  const found = /^#(session|watch)=([0-9a-f-]{36})$/.exec(location.hash);
  return found === null ? null : { id: found[2]!, watching: found[1] === "watch" };
}

function enter(id: string): void {
  location.hash = `session=${id}`;
}

function take(next: Questions): void {
  const before = questions.value;
  questions.value = next;
  lookAgain();
  if (before !== null && newTurns(before, next).length > 0) ring("turn", say.value.yourTurnTitle);
}

const takeOne = (question: QuestionView): void => take(withQuestion(questions.value ?? [], question));

function ready(who: Me): void {
  suggestGrade(who.grade);
  theLink().watch(who.channel, {
    async load() {
      const fresh = await api.student();
      take(withSnapshot(questions.value ?? [], fresh.questions));
      if (older.value.length === 0) earlier.value = fresh.earlier;
      return { epoch: fresh.epoch, offset: fresh.offset };
    },
    event(event) {
      take(studentHears(questions.value ?? [], event));
      placeHeard(event);
    },
  });
  void loadInvitations();
  void loadPlaces().catch(() => undefined); // a reminder is a help, not a promise
  void open(who.id, takeOne);
  void resume(who.id);
}

async function turnBack(): Promise<void> {
  const page = await api.student(earlier.value);
  older.value = [...older.value, ...page.questions];
  earlier.value = page.earlier;
}

function Page() {
  const who = me.value;
  if (session.value !== null && who !== null) return <LiveSession key={session.value.id} {...session.value} onleave={() => history.length > 1 ? history.back() : (location.hash = "")} />;
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()}>
        <a class="bar-button bar-word bar-link" href="/lectures">{lectureSay.value.title}</a>
      </TopBar>
      <DemoBanner />
      <main class="page page-student">
        {linkState.value === "offline" && <Notice kind="warning">{say.value.offlineNote}</Notice>}
        <Stopped />
        <Reminder />
        <Invitations />
        {unreachable.value ? <Unreached /> : <><TurnBanner /><AskPanel small={letters.value.length > 0 || (questions.value ?? []).some((question) => !isPast(question))} /><Mine /><ToLibrary /></>}
      </main>
    </>
  );
}

/** Wherever one is on the page: the teacher waits. */
function TurnBanner() {
  const turn = questions.value?.find(isTheirTurn);
  if (!turn?.session_id) return null;
  const id = turn.session_id;
  return (
    <div class="turn-banner" role="alert">
      <p><Icon name="bell" /><strong>{say.value.answering}</strong></p>
      <button class="button large" onClick={() => enter(id)}>{say.value.enter}</button>
    </div>
  );
}

function Mine() {
  const words = say.value;
  const all = questions.value;
  const known = [...(all ?? []), ...older.value.filter(({ id }) => !all?.some((question) => question.id === id))];
  const current = byUrgency(known.filter((question) => !isPast(question)));
  const past = known.filter(isPast);
  return (
    <section class={composing.value ? "mine mine-waits" : "mine"} aria-labelledby="mine-title">
      <h2 id="mine-title" class={current.length === 0 && letters.value.length === 0 && past.length > 0 ? "visually-hidden" : ""}>{words.myQuestions}</h2>
      {letters.value.map((letter) => <LetterCard key={letter.id} letter={letter} />)}
      {all === null && (linkState.value === "offline" ? letters.value.length === 0 && <Empty title={words.listLater} /> : <Skeleton />)}
      {current.map((question) => <QuestionCard key={question.id} question={question} onchange={takeOne} />)}
      {all !== null && known.length === 0 && letters.value.length === 0 && <Empty title={words.noQuestions}>{words.noQuestionsMore}</Empty>}
      {past.length > 0 && (
        <section class="past" aria-labelledby="past-title">
          <h2 id="past-title">{words.earlier}</h2>
          {past.map((question) =>
            opened.value === question.id
              ? <QuestionCard key={question.id} question={question} onchange={takeOne} onclose={() => (opened.value = null)} />
              : <QuestionLine key={question.id} question={question} onopen={() => (opened.value = question.id)} />,
          )}
        </section>
      )}
      {earlier.value !== null && <Earlier />}
    </section>
  );
}

function Earlier() {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const turn = async (): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await turnBack().catch((error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  return (
    <>
      <button class="button wide" disabled={busy} onClick={() => void turn()}>{busy ? say.value.loading : say.value.evenEarlier}</button>
      {wrong && <Notice kind="error">{wrong}</Notice>}
    </>
  );
}

const isPast = ({ state }: QuestionView): boolean => state === "resolved" || state === "withdrawn";

/** A question that is still on the phone. */
function LetterCard({ letter }: { letter: Letter }) {
  const words = say.value;
  const [sure, setSure] = useState(false);
  const out = Math.round((progress.value[letter.id] ?? 0) * 100);
  const { refused, parts, text } = letter;
  const moving = flushing.value && linkState.value !== "offline" && refused === null;
  const others = parts.filter(({ kind }) => kind !== "photo").map(({ kind }) => words.partNames[kind]);
  return (
    <article class="card letter" aria-label={moving ? words.sendingNow : refused ? words.notSent : words.waitsForNetwork}>
      <header class="question-head">
        <span class="tag">{subjectAndGrade(letter.subject, letter.grade)}</span>
        <span class="muted">{moment(new Date(letter.at).toISOString())}</span>
      </header>
      <div role="status">
        <h2>{refused ? words.notSent : !moving ? words.waitsForNetwork : out === 0 ? words.sendingNow : words.sending(out)}</h2>
      </div>
      {moving && <progress max={100} value={out} aria-label={words.sending(out)} />}
      {refused && <Notice kind="error">{problemIn(refused)}</Notice>}
      {!moving && refused === null && <p class="muted">{words.waitsForNetworkMore}</p>}
      {parts.length > 0 && <div class="photos">{parts.filter(({ kind }) => kind === "photo").map((part) => <Kept key={part.id} blob={part.blob} />)}</div>}
      {others.length > 0 && <p class="muted">{others.join(words.list)}</p>}
      {text && <p class="asked-text clipped">{text}</p>}
      <div class="row">
        <button class="button small" onClick={() => setSure(true)}>{words.discard}</button>
        {refused && <button class="button small primary" onClick={() => void revise(letter)}>{words.revise}</button>}
        {!moving && refused === null && linkState.value !== "offline" && <button class="button small" onClick={() => void flush()}>{words.sendNow}</button>}
      </div>
      {sure && (
        <Dialog title={words.sure} onclose={() => setSure(false)} actions={
          <>
            <button class="button" onClick={() => setSure(false)}>{words.no}</button>
            <button class="button danger" onClick={() => void discard(letter.id)}>{words.discard}</button>
          </>
        }>
          <p>{words.sureMore}</p>
        </Dialog>
      )}
    </article>
  );
}

/** A photo that is still on the phone. */
function Kept({ blob }: { blob: Blob }) {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const url = URL.createObjectURL(blob);
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  return address === null ? null : <img src={address} alt={say.value.partNames.photo} onError={() => setAddress(null)} />;
}

addEventListener("hashchange", () => {
  session.value = sessionInAddress();
  calm();
});
effect(() => void (document.title = `${say.value.name} · ${say.value.newQuestion}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("student", ready);
