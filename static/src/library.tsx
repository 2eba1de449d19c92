// The page of micro-lessons: find one, watch it, try its quiz; for research and review, how they are watched.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Refusal } from "./api";
import * as library from "./library";
import { NOTHING, Played, type Search } from "./library";
import { librarySay } from "./library-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Icon, Notice, Skeleton, Stopped, TopBar, Unreached, linkState } from "./parts";
import type { BookView, LessonFigures, LessonPage, LessonView, Me, QuizResult, QuizView, Stage } from "./protocol";
import { playOn, useSteady } from "./steady";
import { Video } from "./video";
import { clock, say, sentence } from "./words";

const TYPING_MS = 400;
const TELL_MS = 15_000;
const STAGES: readonly Stage[] = ["primary", "junior", "senior"];

const inAddress = (): string | null => /^#lesson=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
const opened = signal(inAddress());
const search = signal<Search>(NOTHING);
const found = signal<readonly LessonView[] | null>(null);
const more = signal(false);
const books = signal<readonly BookView[]>([]);
const series = signal<readonly string[]>([]);
const wrong = signal<string | null>(null);
let asked = 0;

const isPupil = (): boolean => me.value?.roles.includes("student") ?? false;

async function look(next: Search, skip = 0): Promise<void> {
  search.value = next;
  const turn = ++asked;
  try {
    const page = await library.find(next, skip);
    if (turn !== asked) return;
    [found.value, more.value, wrong.value] = [skip === 0 ? page.lessons : [...(found.value ?? []), ...page.lessons], page.more, null];
    if (skip === 0) [books.value, series.value] = [page.books, page.series];
  } catch (error) {
    if (turn === asked) wrong.value = sentence(error);
  }
}

function Page() {
  const words = librarySay.value;
  const who = me.value;
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class="page page-hall">
        {isPupil() && opened.value === null && <a class="to-duty" href="/student">‹ {words.back}</a>}
        {linkState.value === "offline" && <Notice kind="warning">{say.value.unreachable}</Notice>}
        <Stopped />
        {unreachable.value ? <Unreached /> : who === null ? null : opened.value !== null ? <Opened key={opened.value} id={opened.value} /> : <Catalogue />}
      </main>
    </>
  );
}

function Catalogue() {
  const words = librarySay.value;
  const reads = me.value!.roles.some((role) => role === "researcher" || role === "reviewer");
  return (
    <>
      <h1 class="hall-title">{words.title}</h1>
      {reads && <Figures />}
      <section class="lectures" aria-label={words.title}>
        <Filters />
        {wrong.value && linkState.value !== "offline" && <Notice kind="error">{wrong.value}</Notice>}
        {found.value === null && wrong.value === null && <Skeleton />}
        {found.value?.length === 0 && <Empty title={words.none}>{words.noneMore}</Empty>}
        <div class="lecture-grid">{found.value?.map((each) => <Card key={each.id} lesson={each} />)}</div>
        {more.value && <button class="button wide" onClick={() => void look(search.value, found.value?.length ?? 0)}>{words.later}</button>}
      </section>
    </>
  );
}

function Choose({ label, any, value, options, onchange }: { label: string; any: string; value: string; options: readonly (readonly [string, string])[]; onchange: (value: string) => void }) {
  return (
    <label class="field"><span class="visually-hidden">{label}</span>
      <select value={value} onChange={(event) => onchange(event.currentTarget.value)}>
        <option value="">{any}</option>
        {options.map(([key, name]) => <option key={key} value={key}>{name}</option>)}
      </select>
    </label>
  );
}

const same = (name: string): readonly [string, string] => [name, name];

function Filters() {
  const words = librarySay.value;
  const now = search.value;
  const [typed, setTyped] = useState(now.words);
  useEffect(() => {
    if (typed === search.value.words) return;
    const timer = setTimeout(() => void look({ ...search.value, words: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const set = (change: Partial<Search>): void => void look({ ...search.value, ...change });
  const chapters = books.value.find(({ book }) => book === now.book)?.chapters ?? [];
  return (
    <form class="card filters" role="search" onSubmit={(event) => { event.preventDefault(); set({ words: typed }); }}>
      <label class="field"><span class="visually-hidden">{words.search}</span><input type="search" value={typed} placeholder={words.search} maxLength={60} onInput={(event) => setTyped(event.currentTarget.value)} /></label>
      <div class="library-filters">
        <Choose label={say.value.subject} any={say.value.subject} value={now.subject} options={Object.entries(say.value.subjects)} onchange={(subject) => set({ subject: subject as Search["subject"], book: "", chapter: "", series: "" })} />
        <Choose label={words.anyStage} any={words.anyStage} value={now.stage} options={STAGES.map((stage) => [stage, words.stages[stage]!])} onchange={(stage) => set({ stage: stage as Search["stage"], grade: 0, book: "", chapter: "", series: "" })} />
        <Choose label={say.value.grade} any={say.value.grade} value={now.grade === 0 ? "" : String(now.grade)} options={say.value.grades.map((name, n) => [String(n + 1), name])} onchange={(grade) => set({ grade: Number(grade), stage: "", book: "", chapter: "", series: "" })} />
        {(books.value.length > 0 || now.book !== "") && <Choose label={words.book} any={words.anyBook} value={now.book} options={books.value.map(({ book }) => same(book))} onchange={(book) => set({ book, chapter: "" })} />}
        {chapters.length > 0 && <Choose label={words.chapter} any={words.anyChapter} value={now.chapter} options={chapters.map(same)} onchange={(chapter) => set({ chapter })} />}
        {(series.value.length > 0 || now.series !== "") && <Choose label={words.series} any={words.anySeries} value={now.series} options={series.value.map(same)} onchange={(name) => set({ series: name })} />}
      </div>
    </form>
  );
}

function Card({ lesson }: { lesson: LessonView }) {
  const words = librarySay.value;
  const [shown, setShown] = useState(true);
  const about = [lesson.chapter || lesson.knowledge_points[0], lesson.teacher_name].filter(Boolean).join(" · ");
  const seen = Math.round(lesson.seen * 100);
  return (
    <a class="card lecture lesson-card" href={`#lesson=${lesson.id}`}>
      {lesson.poster_url !== null && shown ? <img class="cover cover-film" src={lesson.poster_url} alt="" loading="lazy" onError={() => setShown(false)} /> : <div class={`cover cover-${lesson.subject}`} aria-hidden="true"><span>{say.value.subjects[lesson.subject].slice(0, 1)}</span></div>}
      <div class="lecture-body">
        <h3>{lesson.title}</h3>
        <p class="muted small">{say.value.subjects[lesson.subject]} · {say.value.grades[lesson.grade - 1]} · <span class="digits">{clock(lesson.duration_ms)}</span>{lesson.questions > 0 && ` · ${words.quizzed(lesson.questions)}`}</p>
        {about !== "" && <p class="muted small">{about}</p>}
        {seen > 0 && <p class="lesson-seen small"><progress max={100} value={seen} aria-hidden="true" />{words.seen(seen)}</p>}
      </div>
    </a>
  );
}

function Opened({ id }: { id: string }) {
  const words = librarySay.value;
  const [page, setPage] = useState<LessonPage | null>(null);
  const [no, setNo] = useState<unknown>(null);
  const load = (): void => {
    setNo(null);
    library.lesson(id).then(setPage, setNo);
  };
  useEffect(load, [id]);
  const played = usePlayed(id);
  const back = <a class="to-duty" href="#">‹ {words.all}</a>;
  if (no instanceof Refusal && no.status === 404) return <>{back}<Empty title={words.gone}>{words.goneMore}</Empty></>;
  if (page === null) return <>{back}{no !== null ? <><Notice kind="error">{sentence(no)}</Notice><button class="button" onClick={load}>{words.retry}</button></> : <Skeleton />}</>;
  const { lesson, about, quiz, series, answer } = page;
  return (
    <>
      {back}
      <article class="card lesson-open" aria-label={lesson.title}>
        <div class="lesson-stage" ref={played}>{answer !== null ? <Video answer={answer} /> : <Film page={page} onrenew={load} />}</div>
        <h1>{lesson.title}</h1>
        <p class="muted small">{[say.value.subjects[lesson.subject], say.value.grades[lesson.grade - 1], lesson.book, lesson.chapter, lesson.teacher_name].filter(Boolean).join(" · ")}</p>
        {about !== "" && <p class="asked-text">{about}</p>}
        {lesson.knowledge_points.length > 0 && <ul class="topics">{lesson.knowledge_points.map((point) => <li key={point} class="tag">{point}</li>)}</ul>}
        {me.value!.roles.includes("reviewer") && lesson.source === "film" && <TakeDown id={id} />}
      </article>
      {quiz.length > 0 && isPupil() && <Quiz id={id} quiz={quiz} />}
      {series.length > 1 && (
        <section class="lesson-series" aria-label={words.ofSeries(lesson.series)}>
          <h2>{words.ofSeries(lesson.series)}</h2>
          <ol class="shelf-rows">{series.map((each) => <li key={each.id}><a class="line" href={`#lesson=${each.id}`} aria-current={each.id === id ? "page" : undefined}><span class="line-body"><span class="line-text">{each.title}</span><span class="muted small digits">{clock(each.duration_ms)}{each.seen > 0 && ` · ${words.seen(Math.round(each.seen * 100))}`}</span></span></a></li>)}</ol>
        </section>
      )}
    </>
  );
}

/** Plays a film; when its address has run out, `onrenew` brings a new one, and it goes on where it was. */
function Film({ page, onrenew }: { page: LessonPage; onrenew: () => void }) {
  const words = librarySay.value;
  const [address, renew] = useSteady(page.video_url);
  const [poster] = useSteady(page.lesson.poster_url);
  const tried = useRef(0);
  const [broken, setBroken] = useState(false);
  const fails = (event: Event): void => {
    const player = event.currentTarget as HTMLVideoElement;
    playOn(player);
    if (renew()) return;
    tried.current += 1;
    if (tried.current > 2) setBroken(true);
    else onrenew();
  };
  useEffect(() => void renew(), [page]);
  if (broken) return <Empty title={words.broken}>{words.brokenMore} <button class="button small" onClick={() => { tried.current = 0; setBroken(false); onrenew(); }}>{words.retry}</button></Empty>;
  return <video controls playsInline preload="metadata" src={address ?? undefined} poster={poster ?? undefined} aria-label={page.lesson.title} onError={fails} onPlaying={() => (tried.current = 0)} />;
}

/** Listens to whatever plays in an element, and tells the service what was seen. */
function usePlayed(id: string): (stage: HTMLElement | null) => void {
  const played = useMemo(() => new Played(), [id]);
  const stage = useRef<HTMLElement | null>(null);
  useEffect(() => {
    if (!isPupil()) return;
    let telling = false;
    const tell = async (): Promise<void> => {
      if (telling) return;
      const spans = played.take();
      if (spans.length === 0) return;
      telling = true;
      await library.played(id, spans).catch((error: unknown) => {
        if (!(error instanceof Refusal) || error.passing) played.untold(spans); // what is refused for good is not told again
      });
      telling = false;
    };
    const tick = (event: Event): void => {
      const player = event.target;
      if (player instanceof HTMLMediaElement && !player.paused) played.tick(Math.round(player.currentTime * 1000));
    };
    const stop = (): void => {
      played.breakOff();
      void tell();
    };
    const hidden = (): void => void (document.visibilityState === "hidden" && tell());
    const at = stage.current ?? document.body;
    const timer = setInterval(() => void tell(), TELL_MS);
    at.addEventListener("timeupdate", tick, true);
    for (const name of ["pause", "ended", "seeking"]) at.addEventListener(name, stop, true);
    addEventListener("visibilitychange", hidden);
    return () => {
      clearInterval(timer);
      at.removeEventListener("timeupdate", tick, true);
      for (const name of ["pause", "ended", "seeking"]) at.removeEventListener(name, stop, true);
      removeEventListener("visibilitychange", hidden);
      void tell();
    };
  }, [id, played]);
  return (element) => (stage.current = element);
}

function Quiz({ id, quiz }: { id: string; quiz: readonly QuizView[] }) {
  const words = librarySay.value;
  const [chosen, setChosen] = useState<readonly (number | null)[]>(quiz.map(() => null));
  const [result, setResult] = useState<QuizResult | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const check = async (): Promise<void> => {
    const options = chosen.filter((option): option is number => option !== null);
    if (options.length < quiz.length) return setNo(words.chooseAll);
    setNo(null);
    await library.answerQuiz(id, options).then(setResult, (error: unknown) => setNo(sentence(error)));
  };
  return (
    <form class="card quiz" aria-label={words.quiz} onSubmit={(event) => { event.preventDefault(); void check(); }}>
      <h2>{words.quiz}</h2>
      {quiz.map(({ text, options }, n) => (
        <fieldset key={n} disabled={result !== null}>
          <legend>{n + 1}. {text}</legend>
          {options.map((option, at) => {
            const isRight = result?.right[n] === at + 1;
            return (
              <label key={option} class={`quiz-option${isRight ? " quiz-right" : ""}`}>
                <input type="radio" name={`quiz-${n}`} checked={chosen[n] === at + 1} onChange={() => setChosen(chosen.map((each, m) => (m === n ? at + 1 : each)))} />
                <span>{option}{isRight && <span class="tag poll-right"><Icon name="check" />{words.isRight}</span>}</span>
              </label>
            );
          })}
        </fieldset>
      ))}
      {no && <Notice kind="error">{no}</Notice>}
      {result === null ? <button class="button primary">{words.check}</button> : <div class="row wrap"><strong role="status">{words.score(result.count, quiz.length)}</strong><button type="button" class="button small" onClick={() => { setResult(null); setChosen(quiz.map(() => null)); }}>{words.again}</button></div>}
    </form>
  );
}

function TakeDown({ id }: { id: string }) {
  const words = librarySay.value;
  const [down, setDown] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const turn = (): void => void library.show(id, down).then(() => { setNo(null); setDown(!down); }, (error: unknown) => setNo(sentence(error)));
  return (
    <div class="row wrap">
      <button class={`button small${down ? "" : " danger"}`} onClick={turn}>{down ? words.putBack : words.takeDown}</button>
      {down && <span role="status" class="small">{words.takenDown}</span>}
      {no && <Notice kind="error">{no}</Notice>}
    </div>
  );
}

function Figures() {
  const words = librarySay.value;
  const [lessons, setLessons] = useState<readonly LessonFigures[] | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const [unfolded, setUnfolded] = useState(false);
  useEffect(() => {
    if (unfolded && lessons === null) library.figures().then(({ lessons }) => setLessons(lessons), (error: unknown) => setNo(sentence(error)));
  }, [unfolded]);
  const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)}%`);
  return (
    <details class="card" onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>{words.figures} <span class="muted small">{words.figuresMore}</span></summary>
      {no && <Notice kind="error">{no}</Notice>}
      {unfolded && lessons === null && no === null && <Skeleton />}
      {lessons?.length === 0 && <Empty title={words.noFigures} />}
      {lessons !== null && lessons.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={words.figures}>
          <table class="watch-table">
            <thead><tr><th scope="col">{words.lesson}</th><th scope="col">{words.pupils}</th><th scope="col">{words.minutes}</th><th scope="col">{words.whole}</th><th scope="col">{words.quizRight}</th></tr></thead>
            <tbody>{lessons.map((each) => <tr key={each.lesson_id}><th scope="row"><a href={`#lesson=${each.lesson_id}`}>{each.title}</a></th><td class="digits">{each.pupils ?? words.few}</td><td class="digits">{each.minutes ?? "–"}</td><td class="digits">{percent(each.whole)}</td><td class="digits">{percent(each.quiz_right)}</td></tr>)}</tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function ready(who: Me): void {
  void look({ ...NOTHING, grade: isPupil() ? (who.grade ?? 0) : 0 });
}

addEventListener("hashchange", () => {
  opened.value = inAddress();
  scrollTo(0, 0);
  if (opened.value === null) void look(search.value); // how far one has come is another now
});
effect(() => void (document.title = `${say.value.name} · ${librarySay.value.title}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin(["student", "teacher", "reviewer", "researcher"], ready);
