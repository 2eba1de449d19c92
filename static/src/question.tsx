// One question as its pupil sees it: where it is, what was read, what was found, and what can be done now.
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { Attachments, Dialog, Icon, Notice } from "./parts";
import type { QuestionView, SuggestionView } from "./protocol";
import { ReadBack, WhichOne, needsChoice } from "./read";
import { LessonsBeside } from "./shelf";
import { Stars } from "./stars";
import { useSteady } from "./steady";
import { Video } from "./video";
import { Agreement, Why } from "./why";
import { studio } from "./studio-words";
import { moment, say, sentence, subjectAndGrade } from "./words";

interface Props {
  question: QuestionView;
  onchange: (question: QuestionView) => void;
  onclose?: () => void; // where it was opened from a line
}

const SOON_MS = 60_000;
const LATE_MS = 3 * 60_000; // a promise so long past is not said again
const REOPEN_MS = 7 * 24 * 3600_000;
const QUEUED: readonly string[] = ["waiting", "offered"];
const LEAVABLE: readonly string[] = ["received", "reading", "matched", "following", "waiting", "offered"];

export function QuestionCard({ question, onchange, onclose }: Props) {
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async (command: () => Promise<QuestionView>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    try {
      onchange(await command());
    } catch (error) {
      setWrong(sentence(error));
    }
    setBusy(false);
  };
  return (
    <article class={`card question question-${question.state}${onclose ? " question-open" : ""}`} aria-label={say.value.askedAt(moment(question.received_at))}>
      <header class="question-head">
        <span class="tag">{subjectAndGrade(question.subject, question.grade)}</span>
        <span class="muted">{say.value.askedAt(moment(question.received_at))}</span>
        {onclose && <button class="button small" onClick={onclose}>{say.value.close}</button>}
      </header>
      {!onclose && <Steps question={question} />}
      {!(question.state === "reading" && needsChoice(question)) && <div aria-live="polite"><Now question={question} busy={busy} act={act} /></div>}
      {needsChoice(question) && <WhichOne question={question} busy={busy} act={act} />}
      {wrong && <Notice kind="error">{wrong}</Notice>}
      <Asked question={question} busy={busy} act={act} />
      {LEAVABLE.includes(question.state) && <Withdraw busy={busy} withdraw={() => act(() => api.withdraw(question.id))} />}
    </article>
  );
}

/** A question of the past, on one line until it is opened. */
export function QuestionLine({ question, onopen }: { question: QuestionView; onopen: () => void }) {
  const words = say.value;
  const text = question.text || question.read_text || subjectAndGrade(question.subject, question.grade);
  return (
    <button class="line" onClick={onopen}>
      <span class="visually-hidden">{words.open}: </span>
      <Thumb question={question} />
      <span class="line-body">
        <span class="line-text">{text}</span>
        <span class="line-foot">
          <span class="muted">{words.subjects[question.subject]} · {moment(question.received_at)}</span>
          <span class={`state state-${question.state}`}>{question.turned_away ? words.turnedAway : question.state === "withdrawn" ? words.withdrawn : words.resolved}</span>
        </span>
      </span>
    </button>
  );
}

function Thumb({ question }: { question: QuestionView }) {
  const photo = question.media.find(({ kind }) => kind === "photo");
  const [address, renew] = useSteady(photo?.thumb_url ?? photo?.url ?? null);
  if (address) return <img class="thumb" src={address} alt="" loading="lazy" onError={() => renew()} />;
  return <span class="thumb thumb-none" aria-hidden="true"><Icon name={question.media.some(({ kind }) => kind === "voice") ? "mic" : "write"} /></span>;
}

type Step = "received" | "reading" | "waiting" | "answering" | "done";
const ORDER: readonly Step[] = ["received", "reading", "waiting", "answering", "done"];

function Steps({ question }: { question: QuestionView }) {
  const words = say.value;
  if (question.state === "withdrawn") return null;
  const steps: readonly Step[] = question.state === "suggested" ? ORDER.filter((step) => step !== "waiting") : ORDER; // nobody had to wait
  const at = steps.indexOf(stepOf(question));
  return (
    <ol class="steps" aria-label={words.progress}>
      {steps.map((step, n) => (
        <li key={step} class={n < at || step === "done" && n === at ? "step step-past" : n === at ? "step step-now" : "step"} aria-current={n === at ? "step" : undefined}>
          <span class="step-dot" aria-hidden="true">{n < at || step === "done" && n === at ? <Icon name="check" /> : n + 1}</span>
          {words.steps[step]}
        </li>
      ))}
    </ol>
  );
}

function stepOf({ state }: QuestionView): Step {
  if (state === "received") return "received";
  if (state === "reading" || state === "matched") return "reading";
  if (state === "waiting" || state === "offered" || state === "following") return "waiting";
  return state === "answering" || state === "suggested" ? "answering" : "done";
}

interface NowProps {
  question: QuestionView;
  busy: boolean;
  act: (command: () => Promise<QuestionView>) => Promise<void>;
}

function Now({ question, busy, act }: NowProps) {
  const words = say.value;
  const { id, state } = question;
  switch (state) {
    case "received":
      return <Status title={words.received} spin>{words.receivedMore}</Status>;
    case "reading":
      return <Status title={words.reading} spin>{words.readingMore}</Status>;
    case "matched":
      return <Status title={words.matching} spin />;
    case "suggested":
      return question.suggestion && <Suggested question={question} suggestion={question.suggestion} busy={busy} act={act} />;
    case "following":
      return (
        <>
          <Following question={question} />
          <button class="button" disabled={busy} onClick={() => void act(() => api.back(id, { why: "not_mine" }))}>{words.leaveFollowing}</button>
        </>
      );
    case "waiting":
      return <Waiting question={question} />;
    case "offered":
      return <><Status title={words.offered} spin>{words.offeredMore}</Status><Examples question={question} /></>;
    case "answering": // the way in is the banner above, which is in sight wherever one is on the page
      if (question.being_recorded) return <Status title={studio.value.beingRecorded(question.teacher_name ?? words.someTeacher)} icon="clock">{studio.value.beingRecordedMore}</Status>;
      return <Status title={words.answeringMore(question.teacher_name ?? words.someTeacher)} icon="bell" />;
    case "answered":
    case "resolved":
      return <Answered question={question} busy={busy} act={act} />;
    case "withdrawn":
      return question.turned_away ? <Status title={words.turnedAway}>{words.turnedAwayMore}</Status> : <Status title={words.withdrawn} />;
  }
}

function Status({ title, icon, spin = false, children }: { title: string; icon?: "people" | "bell" | "clock" | "check"; spin?: boolean; children?: preact.ComponentChildren }) {
  return (
    <div class="status">
      <span class="status-mark" aria-hidden="true">{spin ? <span class="spinner" /> : icon ? <Icon name={icon} /> : null}</span>
      <div>
        <h2>{title}</h2>
        {children && <p class="muted">{children}</p>}
      </div>
    </div>
  );
}

/** Who follows waits where its leader waits, and is told when the explaining has begun. */
function Following({ question }: { question: QuestionView }) {
  const words = say.value;
  const { leader_state, followers, place } = question;
  if (leader_state === "answered" || leader_state === "resolved") return <Status title={words.followingDone} spin>{words.followingSoon}</Status>;
  return (
    <>
      <Status title={leader_state === "answering" ? words.followingNow : words.following} icon="people">{words.followingMore(followers)}</Status>
      {question.watch_id !== null && <a class="button primary" href={`#watch=${question.watch_id}`}><Icon name="eye" />{words.watchLive}</a>}
      {place !== null && <Place question={question} />}
    </>
  );
}

function Waiting({ question }: { question: QuestionView }) {
  const words = say.value;
  const { followers } = question;
  return (
    <>
      <Place question={question} />
      {followers > 0 && <p class="followers"><Icon name="people" />{words.followers(followers)}</p>}
      <Examples question={question} />
    </>
  );
}

/** The time, looked at often enough for what is said of a wait in minutes. */
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SOON_MS / 4);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The honest wait: a place and about how long, or when somebody will be there, or that nobody is on the roster. */
function Place({ question: { place, wait_s, promised_at } }: { question: QuestionView }) {
  const words = say.value;
  const now = useNow();
  if (promised_at !== null) {
    const ahead = Date.parse(promised_at) - now;
    const title = ahead < -LATE_MS ? words.promisedLate : ahead < SOON_MS ? words.promisedSoon : words.promised(moment(promised_at));
    return <Status title={title} icon="clock">{words.promisedMore}</Status>;
  }
  if (wait_s === null && place !== null) return <Status title={words.noShift} icon="clock">{words.noShiftMore}</Status>;
  return (
    <div class="queue">
      {place !== null && (
        <p class="queue-place" aria-hidden="true"><span>{words.placeBefore}</span><span class="queue-number">{place}</span><span>{words.placeUnit}</span></p>
      )}
      <div>
        <h2>{place === null ? words.waiting : place <= 1 ? words.next : words.place(place - 1)}</h2>
        <p class="muted">{wait_s === null ? words.waitUnknown : words.waitAbout(wait_s)}</p>
        <p class="muted">{words.placeKept}</p>
      </div>
    </div>
  );
}

function Suggested({ question, suggestion, busy, act }: NowProps & { suggestion: SuggestionView }) {
  const words = say.value;
  const { id } = question;
  return (
    <>
      <div>
        <h2>{question.verdict === "open" ? words.foundAfter : words.found}</h2>
        <Agreement question={question} suggestion={suggestion} />
      </div>
      <Video answer={suggestion.answer} />
      <div class="row wrap answers">
        <button class="button success grow" disabled={busy} onClick={() => void act(() => api.solved(id))}><Icon name="check" />{words.solved}</button>
        <button class="button grow" disabled={busy} onClick={() => void act(() => api.back(id, { why: "not_mine" }))}>{words.notMine}</button>
        <button class="button grow" disabled={busy} onClick={() => void act(() => api.back(id, { why: "still_stuck" }))}>{words.stillStuck}</button>
      </div>
      <p class="muted small">{words.backNote}</p>
      <Why question={question} suggestion={suggestion} />
      <LessonsBeside question={question} />
    </>
  );
}

function Examples({ question }: { question: QuestionView }) {
  const words = say.value;
  return (
    <>
      {question.worked_examples.map((example) => {
        const [name, more] = sameNumbers(example)
          ? [words.likeExample, words.likeExampleMore]
          : [words.workedExample, words.workedExampleMore];
        return (
          <section key={example.answer.id} class="example" aria-label={name}>
            <h3><span class="tag tag-example">{name}</span></h3>
            <p class="muted small">{more}</p>
            <Video answer={example.answer} />
            <Why question={question} suggestion={example} />
          </section>
        );
      })}
    </>
  );
}

/** What is alike but not surely the same is not told to have other numbers where it has the same. */
function sameNumbers(example: SuggestionView): boolean {
  return example.reasons.some((reason) => reason.kind === "numbers" && reason.agrees);
}

function Answered({ question, busy, act }: NowProps) {
  const words = say.value;
  const answer = question.answer ?? question.suggestion?.answer ?? null;
  const since = Date.parse(question.answered_at ?? question.received_at);
  const reopenable = Date.now() - since < REOPEN_MS;
  return (
    <>
      <Status title={question.state === "resolved" ? words.resolved : words.answered} icon="check" />
      {answer && <Video answer={answer} />}
      {question.more_answers.map((each) => (
        <section key={each.id} class="example" aria-label={studio.value.moreAnswers}>
          <h3><span class="tag tag-example">{studio.value.moreAnswers}</span></h3>
          <p class="read-text">{each.problem_text}</p>
          <Video answer={each} />
        </section>
      ))}
      <LessonsBeside question={question} />
      {question.answer && <Stars key={question.answer.id} answer={question.answer} />}
      <div class="row wrap answers">
        {question.state === "answered" && <button class="button success grow" disabled={busy} onClick={() => void act(() => api.solved(question.id))}><Icon name="check" />{words.solved}</button>}
        {reopenable && <button class="button grow" disabled={busy} onClick={() => void act(() => api.reopen(question.id))}>{words.reopen}</button>}
      </div>
    </>
  );
}

function Asked({ question, busy, act }: NowProps) {
  const { media, text } = question;
  return (
    <div class="asked">
      {QUEUED.includes(question.state) && <h3 class="asked-head"><Icon name="eye" />{say.value.teacherSees}</h3>}
      {!needsChoice(question) && <Attachments media={media} />}
      {text && <p class="asked-text">{text}</p>}
      <ReadBack question={question} busy={busy} act={act} />
    </div>
  );
}

function Withdraw({ busy, withdraw }: { busy: boolean; withdraw: () => Promise<void> }) {
  const words = say.value;
  const [sure, setSure] = useState(false);
  return (
    <>
      <button class="button quiet small" disabled={busy} onClick={() => setSure(true)}>{words.withdraw}</button>
      {sure && (
        <Dialog
          title={words.withdraw}
          onclose={() => setSure(false)}
          actions={
            <>
              <button class="button" onClick={() => setSure(false)}>{words.no}</button>
              <button class="button danger" onClick={() => { setSure(false); void withdraw(); }}>{words.yes}</button>
            </>
          }
        >
          <p>{words.withdrawSure}</p>
        </Dialog>
      )}
    </>
  );
}
