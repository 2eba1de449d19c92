// Lessons for a pupil: those on what a question is about, beside it, and all that there are for the grade.
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { Empty, Icon, Notice } from "./parts";
import type { AnswerView, QuestionView, Subject } from "./protocol";
import { useSteady } from "./steady";
import { studio } from "./studio-words";
import { Video } from "./video";
import { clock, say, sentence } from "./words";

/** A help, not a promise: where none is found, or the network is gone, nothing is said. */
export function LessonsBeside({ question }: { question: QuestionView }) {
  const [lessons, setLessons] = useState<readonly AnswerView[]>([]);
  useEffect(() => {
    api.lessonsBeside(question.id).then(({ lessons }) => setLessons(lessons), () => undefined);
  }, [question.id, question.state, question.suggestion?.answer.id]);
  if (lessons.length === 0) return null;
  return (
    <section class="shelf" aria-label={studio.value.lessonsBeside}>
      <h3>{studio.value.lessonsBeside}</h3>
      <Rows lessons={lessons} />
    </section>
  );
}

/** At the end of a pupil's page, loaded when it is opened. */
export function Shelf() {
  const more = studio.value;
  const [lessons, setLessons] = useState<readonly AnswerView[] | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const load = (): void => {
    setWrong(null);
    api.lessonsToWatch().then(({ lessons }) => setLessons(lessons), (error: unknown) => setWrong(sentence(error)));
  };
  const [unfolded, setUnfolded] = useState(false);
  useEffect(() => {
    if (unfolded && lessons === null) load();
  }, [unfolded]);
  return (
    <details class="card shelf" onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary><Icon name="play" /><span class="shelf-title">{more.lessonShelf}</span><span class="muted small">{more.lessonShelfMore}</span></summary>
      {wrong !== null && <><Notice kind="error">{wrong}</Notice><button class="button small" onClick={load}>{more.tryAgain}</button></>}
      {lessons === null && wrong === null && unfolded && <p class="muted" role="status">{say.value.loading}</p>}
      {lessons?.length === 0 && <Empty title={more.noLessons}>{more.noLessonsMore}</Empty>}
      {lessons !== null && lessons.length > 0 && <BySubject lessons={lessons} />}
    </details>
  );
}

function BySubject({ lessons }: { lessons: readonly AnswerView[] }) {
  const words = say.value;
  const subjects = [...new Set(lessons.map(({ subject }) => subject))];
  const [chosen, setChosen] = useState<Subject | null>(null);
  return (
    <>
      {subjects.length > 1 && (
        <div class="row wrap" role="group" aria-label={words.subject}>
          {[null, ...subjects].map((subject) => (
            <button key={subject} class={`button small${chosen === subject ? " primary" : ""}`} aria-pressed={chosen === subject} onClick={() => setChosen(subject)}>
              {subject === null ? studio.value.allSubjects : words.subjects[subject]}
            </button>
          ))}
        </div>
      )}
      <Rows lessons={lessons.filter(({ subject }) => chosen === null || subject === chosen)} />
    </>
  );
}

function Rows({ lessons }: { lessons: readonly AnswerView[] }) {
  const [opened, setOpened] = useState<string | null>(null);
  return (
    <ul class="shelf-rows">
      {lessons.map((lesson) => <li key={lesson.id}><Row lesson={lesson} open={opened === lesson.id} onturn={() => setOpened(opened === lesson.id ? null : lesson.id)} /></li>)}
    </ul>
  );
}

function Row({ lesson, open, onturn }: { lesson: AnswerView; open: boolean; onturn: () => void }) {
  const [poster, renew] = useSteady(lesson.poster_url);
  const about = [lesson.knowledge_points[0], lesson.teacher_name, lesson.duration_ms === null ? null : clock(lesson.duration_ms)];
  return (
    <>
      <button class="line" aria-expanded={open} onClick={onturn}>
        {poster === null ? <span class="thumb thumb-none" aria-hidden="true"><Icon name="play" /></span> : <img class="thumb" src={poster} alt="" loading="lazy" onError={() => renew()} />}
        <span class="line-body">
          <span class="line-text">{lesson.title}</span>
          <span class="muted">{about.filter((part) => part !== null && part !== undefined).join(" · ")}</span>
        </span>
      </button>
      {open && <Video answer={lesson} />}
    </>
  );
}
