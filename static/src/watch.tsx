// The reviewer's side of lectures: what is on air and to come, the way into a room, and the stop; what came of a lecture.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { LostLine } from "./hands";
import { lectureSay, slot } from "./lecture-words";
import * as lectures from "./lectures";
import { Dialog, Empty, Notice, Skeleton } from "./parts";
import { Asked } from "./polls";
import type { LectureFigures, LectureView, OnAirView } from "./protocol";
import { pulseSay } from "./pulse-words";
import { clock, say, sentence } from "./words";

const LOOK_MS = 15_000;

const known = signal<readonly OnAirView[] | null>(null);
const wrong = signal<string | null>(null);

const look = (): Promise<void> => lectures.onAir().then((found) => { [known.value, wrong.value] = [found.lectures, null]; }, (error: unknown) => { wrong.value = sentence(error); });

/** Called once it is known who is here. */
export function watchOpens(): void {
  void look();
  setInterval(() => document.visibilityState === "visible" && void look(), LOOK_MS);
}

export function Watch() {
  const words = pulseSay.value;
  const all = known.value;
  const [stopping, setStopping] = useState<LectureView | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const stop = (id: string): void => void lectures.end(id).then(() => { setStopping(null); setNo(null); void look(); }, (error: unknown) => setNo(sentence(error)));
  return (
    <section class="lectures" aria-label={words.onAir}>
      {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
      {all === null && wrong.value === null && <Skeleton />}
      {all?.length === 0 && <Empty title={words.nothingOn}>{words.nothingOnMore}</Empty>}
      {all?.map(({ lecture, here, held }) => {
        const live = lecture.state === "live";
        return (
          <article key={lecture.id} class="card watch" aria-label={lecture.title}>
            <div class="watch-words">
              <p class="lecture-when"><time dateTime={lecture.starts_at}>{slot(lecture.starts_at, lecture.ends_at)}</time><span class={`state state-${lecture.state}`}>{lectureSay.value.states[lecture.state]}</span></p>
              <h3>{lecture.title}</h3>
              <p class="muted small">{say.value.subjects[lecture.subject]} · {lectureSay.value.by(lecture.lecturer_name)} · <span class="digits">{live ? lectureSay.value.here(here) : lectureSay.value.listeners(lecture.taken)}</span>{held > 0 && <span class="tag tag-example">{words.heldLines(held)}</span>}</p>
            </div>
            <div class="row watch-acts">
              {lectures.isOpenNow(lecture, Date.now()) && <a class="button" href={`#room=${lecture.id}`}>{lectureSay.value.enter}</a>}
              {live && <button class="button danger" onClick={() => setStopping(lecture)}>{words.stop}</button>}
            </div>
          </article>
        );
      })}
      {stopping !== null && (
        <Dialog title={words.sureStop(stopping.title)} onclose={() => setStopping(null)} actions={
          <>
            <button class="button" onClick={() => setStopping(null)}>{words.goOn}</button>
            <button class="button danger" onClick={() => stop(stopping.id)}>{words.stop}</button>
          </>
        }>
          <p>{lectureSay.value.sureEndMore}</p>
          {no && <Notice kind="error">{no}</Notice>}
        </Dialog>
      )}
    </section>
  );
}

/** What came of a lecture that is over. */
export function CameOf({ lecture }: { lecture: LectureView }) {
  const words = pulseSay.value;
  const [found, setFound] = useState<LectureFigures | null>(null);
  const [no, setNo] = useState<string | null>(null);
  useEffect(() => void lectures.figures(lecture.id).then(setFound, (error: unknown) => setNo(sentence(error))), [lecture.id]);
  return (
    <section class="card came-of" aria-label={words.cameOf}>
      <h2>{words.cameOf}</h2>
      {no && <Notice kind="error">{no}</Notice>}
      {found === null && no === null && <Skeleton />}
      {found !== null && (
        <>
          <dl class="figures">
            {words.figures(found).map(([name, value]) => <div key={name}><dt>{name}</dt><dd class="digits">{value}</dd></div>)}
          </dl>
          {found.lost.counts.some((count) => count > 0) && (
            <>
              <h3>{words.lostLine}</h3>
              <div class="came-lost"><LostLine lost={found.lost} /></div>
              {found.lost.marks.length > 0 && <p class="small">{words.manyLost}{found.lost.marks.map(({ from_ms, most }) => `${clock(from_ms)} (${most})`).join(say.value.list)}</p>}
            </>
          )}
          {found.polls.map((poll) => <Asked key={poll.number} poll={poll} />)}
          {found.listeners.length > 0 && <details><summary>{lectureSay.value.people}</summary><ul class="lines">{found.listeners.map((each, n) => <li key={n} class="said-line listener"><span>{each.nickname}</span><span class="muted small digits">{lectureSay.value.stayed(Math.round(each.seconds / 60))}</span></li>)}</ul></details>}
        </>
      )}
    </section>
  );
}
