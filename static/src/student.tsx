// The pupil's page: ask, see where each question is, meet the teacher.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import * as api from "./api";
import { AskPanel } from "./ask";
import { suggestGrade } from "./draft";
import { calm, ring } from "./notify";
import { discard, flush, letters, flushing, open, progress, type Letter } from "./outbox";
import { begin, leave, me, theLink, unreachable } from "./page";
import { DemoBanner, Empty, Icon, Notice, Skeleton, TopBar, linkState } from "./parts";
import type { Me, QuestionView } from "./protocol";
import { QuestionCard, QuestionLine } from "./question";
import { LiveSession } from "./session";
import { isTheirTurn, newTurns, studentHears, withQuestion, withSnapshot, type Questions } from "./state";
import { moment, problemIn, say, subjectAndGrade } from "./words";

const questions = signal<Questions | null>(null);
const opened = signal<string | null>(null); // a question of the past that is looked at again
const session = signal<string | null>(sessionInAddress());

function sessionInAddress(): string | null {
  return /^#session=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
}

function enter(id: string): void {
  location.hash = `session=${id}`;
}

function take(next: Questions): void {
  const before = questions.value;
  questions.value = next;
  if (before !== null && newTurns(before, next).length > 0) ring("turn", say.value.yourTurnTitle);
}

const takeOne = (question: QuestionView): void => take(withQuestion(questions.value ?? [], question));

function ready(who: Me): void {
  suggestGrade(who.grade);
  theLink().watch(who.channel, {
    async load() {
      const fresh = await api.student();
      take(withSnapshot(questions.value ?? [], fresh.questions));
      return { epoch: fresh.epoch, offset: fresh.offset };
    },
    event: (event) => take(studentHears(questions.value ?? [], event)),
  });
  void open(who.id, takeOne);
}

function Page() {
  const who = me.value;
  if (session.value !== null && who !== null) return <LiveSession key={session.value} id={session.value} onleave={() => history.length > 1 ? history.back() : (location.hash = "")} />;
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class="page page-student">
        {linkState.value === "offline" && <Notice kind="warning">{say.value.offlineNote}</Notice>}
        {linkState.value === "stopped" && <Notice kind="error">{say.value.stoppedNote} <button class="button small" onClick={() => location.reload()}>{say.value.reconnect}</button></Notice>}
        {unreachable.value ? <Unreached /> : <><TurnBanner /><AskPanel small={(questions.value ?? []).some((question) => !isPast(question))} /><Mine /></>}
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
      <strong><Icon name="bell" />{say.value.answering}</strong>
      <button class="button" onClick={() => enter(id)}>{say.value.enter}</button>
    </div>
  );
}

function Unreached() {
  return (
    <Empty title={say.value.cannotLoad}>
      <button class="button" onClick={() => location.reload()}>{say.value.tryAgain}</button>
    </Empty>
  );
}

function Mine() {
  const words = say.value;
  const all = questions.value;
  const current = (all ?? []).filter((question) => !isPast(question));
  const past = (all ?? []).filter(isPast);
  return (
    <section class="mine" aria-labelledby="mine-title">
      <h2 id="mine-title" class={current.length === 0 && letters.value.length === 0 && past.length > 0 ? "visually-hidden" : ""}>{words.myQuestions}</h2>
      {letters.value.map((letter) => <LetterCard key={letter.id} letter={letter} />)}
      {all === null && (linkState.value === "offline" ? null : <Skeleton />)}
      {current.map((question) => <QuestionCard key={question.id} question={question} onchange={takeOne} onenter={enter} />)}
      {all !== null && all.length === 0 && letters.value.length === 0 && <Empty title={words.noQuestions}>{words.noQuestionsMore}</Empty>}
      {past.length > 0 && (
        <section class="past" aria-labelledby="past-title">
          <h2 id="past-title">{words.earlier}</h2>
          {past.map((question) =>
            opened.value === question.id ? (
              <div key={question.id}>
                <button class="button quiet small" onClick={() => (opened.value = null)}>{words.close}</button>
                <QuestionCard question={question} onchange={takeOne} onenter={enter} />
              </div>
            ) : (
              <QuestionLine key={question.id} question={question} onopen={() => (opened.value = question.id)} />
            ),
          )}
        </section>
      )}
    </section>
  );
}

const isPast = ({ state }: QuestionView): boolean => state === "resolved" || state === "withdrawn";

/** A question that is still on the phone. */
function LetterCard({ letter }: { letter: Letter }) {
  const words = say.value;
  const out = Math.round((progress.value[letter.id] ?? 0) * 100);
  const moving = flushing.value && linkState.value !== "offline" && letter.refused === null;
  return (
    <article class="card letter">
      <header class="question-head">
        <span class="tag">{subjectAndGrade(letter.subject, letter.grade)}</span>
        <span class="muted">{moment(new Date(letter.at).toISOString())}</span>
      </header>
      <div role="status">
        {letter.refused ? (
          <Notice kind="error">{words.notSent}：{problemIn(letter.refused)}</Notice>
        ) : (
          <h2>{moving ? words.sending(out) : words.waitsForNetwork}</h2>
        )}
      </div>
      {moving && <progress max={100} value={out} aria-label={words.sending(out)} />}
      {!moving && letter.refused === null && <p class="muted">{words.waitsForNetworkMore}</p>}
      {letter.text && <p class="asked-text">{letter.text}</p>}
      <p class="muted">{[...new Set(letter.parts.map(({ kind }) => kind))].map((kind) => `${words.partNames[kind]} × ${letter.parts.filter((part) => part.kind === kind).length}`).join("　")}</p>
      <div class="row">
        <button class="button small" onClick={() => void discard(letter.id)}>{words.discard}</button>
        {!moving && letter.refused === null && <button class="button small" onClick={() => void flush()}>{words.sendNow}</button>}
      </div>
    </article>
  );
}

addEventListener("hashchange", () => {
  session.value = sessionInAddress();
  calm();
});
effect(() => void (document.title = `${say.value.name} · ${say.value.newQuestion}`));

const root = document.getElementById("app")!;
root.textContent = "";
render(<Page />, root);
void begin("student", ready);
