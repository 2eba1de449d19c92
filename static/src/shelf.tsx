// The library from a pupil's page: lessons on what a question is about, beside it, and the way to all of them.
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { librarySay } from "./library-words";
import { Icon } from "./parts";
import type { LessonView, QuestionView } from "./protocol";
import { useSteady } from "./steady";
import { studio } from "./studio-words";
import { clock } from "./words";

/** A help, not a promise: where none is found, or the network is gone, nothing is said. */
export function LessonsBeside({ question }: { question: QuestionView }) {
  const [lessons, setLessons] = useState<readonly LessonView[]>([]);
  useEffect(() => {
    api.lessonsBeside(question.id).then(({ lessons }) => setLessons(lessons), () => undefined);
  }, [question.id, question.state, question.suggestion?.answer.id]);
  if (lessons.length === 0) return null;
  return (
    <section class="shelf" aria-label={studio.value.lessonsBeside}>
      <h3>{studio.value.lessonsBeside}</h3>
      <ul class="shelf-rows">{lessons.map((lesson) => <li key={lesson.id}><Row lesson={lesson} /></li>)}</ul>
    </section>
  );
}

function Row({ lesson }: { lesson: LessonView }) {
  const [poster, renew] = useSteady(lesson.poster_url);
  const about = [lesson.knowledge_points[0], lesson.teacher_name, clock(lesson.duration_ms)];
  return (
    <a class="line" href={`/library#lesson=${lesson.id}`}>
      {poster === null ? <span class="thumb thumb-none" aria-hidden="true"><Icon name="play" /></span> : <img class="thumb" src={poster} alt="" loading="lazy" onError={() => renew()} />}
      <span class="line-body">
        <span class="line-text">{lesson.title}</span>
        <span class="muted">{about.filter(Boolean).join(" · ")}</span>
      </span>
    </a>
  );
}

/** At the end of a pupil's page. */
export function ToLibrary() {
  const words = librarySay.value;
  return <a class="card to-library" href="/library"><Icon name="play" /><span class="shelf-title">{words.title}</span><span class="muted small">{words.more}</span><Icon name="next" /></a>;
}
