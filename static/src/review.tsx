// The reviewer's page: what others than those who asked may be shown. Look, approve, send back, take down.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { flowed } from "./flow";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { AnswerView, Decide, ReviewView, Reviews } from "./protocol";
import { studio } from "./studio-words";
import { research } from "./research-words";
import { useFound } from "./scopes";
import { clock, moment, say, sentence, subjectAndGrade } from "./words";
import { Video } from "./video";

const known = signal<Reviews | null>(null);
const wrong = signal<string | null>(null);
const done = signal<string | null>(null);

async function load(): Promise<void> {
  await api.reviews().then((found) => {
    known.value = found;
    wrong.value = null;
  }, (error: unknown) => (wrong.value = sentence(error)));
}

function Page() {
  const words = studio.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class="page page-review">
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.review}</h1>
            <p class="muted">{words.reviewMore}</p>
            {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
            {done.value && <Notice>{done.value}</Notice>}
            {known.value === null ? !wrong.value && <Skeleton /> : <><Queue reviews={known.value} /><OfLectures reviews={known.value} /></>}
            <Held />
          </>
        )}
      </main>
    </>
  );
}

/** Replays and captions that wait; they are looked at, and shown, where they play. */
function OfLectures({ reviews: { lectures } }: { reviews: Reviews }) {
  const words = studio.value;
  if (lectures.length === 0) return null;
  return (
    <section aria-label={words.ofLectures}>
      <h2>{words.ofLectures}</h2>
      {lectures.map((each) => (
        <article key={each.lecture_id + each.what} class="card review" aria-label={each.title}>
          <div class="review-head">
            <div>
              <p class="done-text"><span class="tag">{words.waitKinds[each.what]}</span> {each.title}</p>
              <p class="muted small">{say.value.subjects[each.subject]} · {words.byTeacher(each.lecturer_name)} · {moment(each.since)}</p>
            </div>
            <a class="button small primary" href={`/lectures#replay=${each.lecture_id}`}>{words.look}</a>
          </div>
        </article>
      ))}
    </section>
  );
}

/** What a model takes for no question, or for an inappropriate one; nothing when there is none. */
function Held() {
  const words = research.value;
  const { found, wrong: why, set } = useFound(api.held);
  const [busy, setBusy] = useState(false);
  const tell = async (id: string, value: string): Promise<void> => {
    setBusy(true);
    await api.judgeHeld(id, { kind: "fitness", value }).then(set, (error: unknown) => (wrong.value = sentence(error)));
    setBusy(false);
  };
  if (found === null || found.questions.length === 0) return why;
  return (
    <section aria-labelledby="held-title">
      <h2 id="held-title">{words.heldTitle}</h2>
      <p class="muted small">{words.heldMore}</p>
      {found.questions.map(({ question_id, subject, grade, text, told, confidence }) => (
        <div key={question_id} class="card">
          <p><span class="tag">{subjectAndGrade(subject, grade)}</span> <span class="muted small">{words.fitnesses[told]} {Math.round(confidence * 100)}%</span></p>
          <p class="problem">{flowed(text)}</p>
          <div class="row wrap">{Object.keys(words.fitnesses).map((value) => <button key={value} class="button small" disabled={busy} onClick={() => void tell(question_id, value)}>{words.fitnesses[value]}</button>)}</div>
        </div>
      ))}
    </section>
  );
}

function Queue({ reviews: { rule, waiting, answers } }: { reviews: Reviews }) {
  const words = studio.value;
  const [open, setOpen] = useState<string | null>(null);
  return (
    <>
      <p class="muted small">{words.rule[rule]} {waiting > 0 && words.queue(waiting)}</p>
      {answers.length === 0 && <Empty title={words.nothingToReview}>{words.nothingToReviewMore}</Empty>}
      {answers.map((each) => <Item key={each.answer.id} review={each} open={open === each.answer.id} onopen={() => { setOpen(each.answer.id); done.value = null; }} />)}
    </>
  );
}

function Item({ review, open, onopen }: { review: ReviewView; open: boolean; onopen: () => void }) {
  const [words, more] = [say.value, studio.value];
  const { answer, teacher_id, teacher_trusted, edition, has_pupil, earlier } = review;
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState("");
  const [asked, setAsked] = useState<"send_back" | "take_down" | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [watched, setWatched] = useState<AnswerView | null>(null);
  useEffect(() => {
    if (open) api.answer(answer.id).then(setWatched, (error: unknown) => setRefused(sentence(error)));
  }, [open]);
  const during = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setRefused(null);
    await work().catch((error: unknown) => setRefused(sentence(error)));
    setBusy(false);
  };
  const decide = (decision: Decide["decision"], told: string): Promise<void> => during(async () => {
    await api.decide(answer.id, { decision, words: decision === "approve" ? "" : note });
    done.value = told;
    await load();
  });
  const trust = (on: boolean): Promise<void> => during(async () => void (known.value = await api.trust(teacher_id, { on })));
  return (
    <section class="card review" aria-label={answer.title ?? answer.problem_text.slice(0, 40)}>
      <div class="review-head">
        <div>
          <p class="done-text">{answer.title && <span class="tag">{more.lessonTag}</span>} {answer.title ?? (flowed(answer.problem_text) || words.subjects[answer.subject])}</p>
          <p class="muted small">{words.subjects[answer.subject]} · {more.byTeacher(answer.teacher_name)} · {moment(answer.made_at)} · {more.editionOf(edition)}{answer.duration_ms !== null && ` · ${clock(answer.duration_ms)}`}</p>
        </div>
        {!open && <button class="button small primary" onClick={onopen}>{more.look}</button>}
      </div>
      {open && (
        <>
          {has_pupil && <Notice kind="warning">{more.heardPupil}</Notice>}
          {earlier.length > 0 && <div class="small"><h3>{more.earlierWords}</h3><ul>{earlier.map((said, n) => <li key={n}>{said}</li>)}</ul></div>}
          {watched === null ? <Skeleton /> : <Video answer={watched} />}
          {asked !== null && (
            <label class="field"><span>{more.words}</span><textarea rows={2} maxLength={500} value={note} placeholder={more.wordsNeeded} onInput={(event) => setNote(event.currentTarget.value)} /></label>
          )}
          {asked === "take_down" && <p class="muted small">{more.downSure}</p>}
          {refused && <Notice kind="error">{refused}</Notice>}
          <div class="row wrap answers">
            {asked === null ? (
              <>
                <button class="button success grow" disabled={busy} onClick={() => void decide("approve", more.approved)}>{more.approve}</button>
                <button class="button grow" disabled={busy} onClick={() => setAsked("send_back")}>{more.sendBack}</button>
                <button class="button grow" disabled={busy} onClick={() => setAsked("take_down")}>{more.reviewDown}</button>
              </>
            ) : (
              <>
                <button class="button grow" disabled={busy} onClick={() => setAsked(null)}>{words.cancel}</button>
                <button class="button danger grow" disabled={busy || note.trim() === ""} onClick={() => void decide(asked, asked === "send_back" ? more.returned : more.down)}>{asked === "send_back" ? more.sendBack : more.reviewDown}</button>
              </>
            )}
          </div>
          <button class="button quiet small" disabled={busy} onClick={() => void trust(!teacher_trusted)}>{teacher_trusted ? `${more.trusted} · ${more.untrust}` : `${answer.teacher_name}：${more.trust}`}</button>
        </>
      )}
    </section>
  );
}

effect(() => void (document.title = `${say.value.name} · ${studio.value.review}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("reviewer", () => void load());
