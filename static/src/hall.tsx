// The pupil's side of lectures: find one, enrol, wait, leave; what one has a place in.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { airSay } from "./air-words";
import { lectureSay, slot } from "./lecture-words";
import * as lectures from "./lectures";
import { NOTHING, type Search } from "./lectures";
import { me, theLink } from "./page";
import { Dialog, Empty, Icon, Notice, Skeleton, linkState } from "./parts";
import type { AnyEvent, LectureView, PlaceView } from "./protocol";
import { Reminder, loadPlaces, places } from "./reminder";
import { ring } from "./notify";
import { say, sentence } from "./words";

type Tab = "find" | "mine" | "again";

const tab = signal<Tab>("find");
const found = signal<readonly LectureView[] | null>(null);
const more = signal(false);
const search = signal<Search>(NOTHING);
const wrong = signal<string | null>(null);
const news = signal<readonly Extract<AnyEvent, { type: "place" }>[]>([]);
const opened = signal<string | null>(null);

const WATCHED = 12; // lectures that the page listens to: those to come in which the pupil has a place
const TYPING_MS = 400;
let asked = 0;

export async function lookFor(next: Search): Promise<void> {
  search.value = next;
  if (!lectures.hoursFit(next)) return;
  const turn = ++asked;
  try {
    const page = await lectures.find(next, null, tab.value === "again");
    if (turn !== asked) return;
    [found.value, more.value, wrong.value] = [page.lectures, page.more, null];
  } catch (error) {
    if (turn === asked) wrong.value = sentence(error);
  }
}

async function lookLater(): Promise<void> {
  const known = found.value ?? [];
  const page = await lectures.find(search.value, known[known.length - 1] ?? null, tab.value === "again");
  [found.value, more.value] = [[...known, ...page.lectures], page.more];
}

/** Called once it is known who is here. */
export function hallOpens(grade: number | null, wanted: string | null): void {
  search.value = { ...NOTHING, grade: grade ?? 0 };
  theLink().watch(me.value!.channel, { load, event: heard });
  addEventListener("visibilitychange", () => void (document.visibilityState === "visible" && lookFor(search.value)));
  opened.value = wanted;
}

const watched = new Set<string>();

async function load(): Promise<{ epoch: string; offset: number }> {
  const [position] = await Promise.all([loadPlaces(), lookFor(search.value)]);
  if (opened.value !== null && !everyLecture().some(({ id }) => id === opened.value)) await bring(opened.value);
  else if (opened.value !== null && places.value?.some(({ id }) => id === opened.value)) tab.value = "mine";
  watchMine();
  return position;
}

/** One that a link named, and that no list shows. */
async function bring(id: string): Promise<void> {
  try {
    const { lecture } = await lectures.show(id);
    found.value = [lecture, ...(found.value ?? [])];
  } catch (error) {
    wrong.value = sentence(error);
  }
}

const everyLecture = (): LectureView[] => [...(places.value ?? []), ...(found.value ?? [])];

function watchMine(): void {
  const ahead = (places.value ?? []).filter((each) => lectures.isAhead(each, Date.now())).slice(0, WATCHED);
  for (const channel of watched) if (!ahead.some((each) => each.channel === channel)) {
    watched.delete(channel);
    theLink().unwatch(channel);
  }
  for (const { id, channel } of ahead.filter((each) => !watched.has(each.channel))) {
    watched.add(channel);
    theLink().watch(channel, {
      async load() {
        const fresh = await lectures.show(id);
        takeWhole(fresh.lecture);
        return { epoch: fresh.epoch, offset: fresh.offset };
      },
      event: (event) => event.type === "lecture" && take(event.lecture),
    });
  }
}

function heard(event: AnyEvent): void {
  if (event.type !== "place") return;
  news.value = [...news.value.filter(({ lecture_id }) => lecture_id !== event.lecture_id), event];
  if (event.why === "moved_up") ring("turn", lectureSay.value.movedUp(event.title));
  void refresh();
}

/** One's own lectures anew; what the search shows of them is the same. */
async function refresh(): Promise<void> {
  await loadPlaces().catch(() => undefined);
  const mine = new Map((places.value ?? []).map((each) => [each.id, each]));
  found.value = found.value && found.value.map((each) => mine.get(each.id) ?? each);
  watchMine();
}

function take(lecture: LectureView): void {
  places.value = places.value && lectures.withLecture(places.value, lecture);
  found.value = found.value && lectures.withLecture(found.value, lecture);
}

function takeWhole(lecture: LectureView): void {
  const put = (list: readonly LectureView[] | null): readonly LectureView[] | null => list && list.map((each) => (each.id === lecture.id ? lecture : each));
  [places.value, found.value] = [put(places.value), put(found.value)];
}

function placed(lecture: LectureView, place: PlaceView): void {
  takeWhole({ ...lecture, place, taken: lecture.taken + Number(place.state === "seated"), waiting: lecture.waiting + Number(place.state === "waiting") });
  void refresh();
}

export function Hall() {
  const words = lectureSay.value;
  const own = (places.value ?? []).filter((each) => lectures.isAhead(each, Date.now()));
  return (
    <>
      <Reminder here />
      {news.value.map((each) => (
        <div key={each.lecture_id} class="notice notice-acts" role="alert">
          <span>{each.why === "moved_up" ? words.movedUp(each.title) : each.why === "changed" ? words.changed(each.title) : words.cancelled(each.title)}</span>
          <button class="button small" onClick={() => (news.value = news.value.filter((other) => other !== each))}>{words.seen}</button>
        </div>
      ))}
      <nav class="tabs" aria-label={words.title}>
        <button aria-current={tab.value === "find" ? "page" : undefined} onClick={() => turnTo("find")}>{words.find}</button>
        <button aria-current={tab.value === "mine" ? "page" : undefined} onClick={() => (tab.value = "mine")}>{words.mine}{own.length > 0 && <span class="count">{own.length}</span>}</button>
        <button aria-current={tab.value === "again" ? "page" : undefined} onClick={() => turnTo("again")}>{airSay.value.replays}</button>
      </nav>
      {tab.value === "mine" ? <Mine /> : <Find />}
    </>
  );
}

function turnTo(to: Tab): void {
  if (tab.value === to) return;
  tab.value = to;
  found.value = null;
  void lookFor(search.value);
}

function Find() {
  const words = lectureSay.value;
  const again = tab.value === "again";
  const [busy, setBusy] = useState(false);
  return (
    <section class="lectures" aria-label={again ? airSay.value.replays : words.find}>
      <Filters />
      {wrong.value && linkState.value !== "offline" && <Notice kind="error">{wrong.value}</Notice>}
      {found.value === null && wrong.value === null && <Skeleton />}
      {found.value?.length === 0 && (again ? <Empty title={airSay.value.noReplays} /> : <Empty title={words.none}>{words.noneMore}</Empty>)}
      <div class="lecture-grid">{found.value?.map((each) => <Card key={each.id} lecture={each} />)}</div>
      {more.value && <button class="button wide" disabled={busy} onClick={() => { setBusy(true); void lookLater().catch((error: unknown) => (wrong.value = sentence(error))).then(() => setBusy(false)); }}>{busy ? say.value.loading : words.more}</button>}
    </section>
  );
}

function Mine() {
  const words = lectureSay.value;
  const all = places.value;
  const ahead = (all ?? []).filter((each) => lectures.isAhead(each, Date.now()));
  const past = (all ?? []).filter((each) => !lectures.isAhead(each, Date.now()));
  return (
    <section class="lectures" aria-label={words.mine}>
      {all === null && <Skeleton />}
      {all?.length === 0 && <Empty title={words.noneMine}>{words.noneMineMore}</Empty>}
      <div class="lecture-grid">{ahead.map((each) => <Card key={each.id} lecture={each} />)}</div>
      {past.length > 0 && <><h2>{words.past}</h2><div class="lecture-grid">{past.map((each) => <Card key={each.id} lecture={each} />)}</div></>}
    </section>
  );
}

function Filters() {
  const words = lectureSay.value;
  const now = search.value;
  const [typed, setTyped] = useState(now.words);
  useEffect(() => {
    if (typed === search.value.words) return;
    const timer = setTimeout(() => void lookFor({ ...search.value, words: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const set = (change: Partial<Search>): void => void lookFor({ ...search.value, ...change });
  const dated = now.day !== "";
  return (
    <form class="card filters" role="search" onSubmit={(event) => { event.preventDefault(); set({ words: typed }); }}>
      <label class="field"><span class="visually-hidden">{words.search}</span><input type="search" value={typed} placeholder={words.search} maxLength={60} onInput={(event) => setTyped(event.currentTarget.value)} /></label>
      <div class="filter-row">
        <label class="field"><span class="visually-hidden">{say.value.subject}</span>
          <select value={now.subject} onChange={(event) => set({ subject: event.currentTarget.value as Search["subject"] })}>
            <option value="">{words.anySubject}</option>
            {Object.entries(say.value.subjects).map(([key, name]) => <option key={key} value={key}>{name}</option>)}
          </select>
        </label>
        <label class="field"><span class="visually-hidden">{say.value.grade}</span>
          <select value={String(now.grade)} onChange={(event) => set({ grade: Number(event.currentTarget.value) })}>
            <option value="0">{words.anyGrade}</option>
            {say.value.grades.map((name, n) => <option key={name} value={String(n + 1)}>{name}</option>)}
          </select>
        </label>
      </div>
      <details open={dated}>
        <summary><Icon name="clock" />{words.byTime}</summary>
        <div class="filter-time">
          <label class="field"><span>{words.day}</span><input type="date" value={now.day} onChange={(event) => set({ day: event.currentTarget.value })} /></label>
          <label class="field"><span>{words.from}</span><input type="time" value={now.from} onChange={(event) => set({ from: event.currentTarget.value })} /></label>
          <label class="field"><span>{words.until}</span><input type="time" value={now.until} onChange={(event) => set({ until: event.currentTarget.value })} /></label>
          {dated && <button type="button" class="button small" onClick={() => set({ day: "", from: "", until: "" })}>{words.clear}</button>}
        </div>
        {!lectures.hoursFit(now) && <Notice kind="warning">{words.hoursWrong}</Notice>}
      </details>
    </form>
  );
}

/** A lecture's picture; one without is given the subject's own. */
export function Cover({ lecture }: { lecture: LectureView }) {
  const [shown, setShown] = useState(true);
  const { cover, subject } = lecture;
  if (cover !== null && shown) return <img class="cover" src={cover.thumb_url ?? cover.url} alt="" loading="lazy" onError={() => setShown(false)} />;
  return <div class={`cover cover-${subject}`} aria-hidden="true"><span>{say.value.subjects[subject].slice(0, 1)}</span></div>;
}

function Card({ lecture }: { lecture: LectureView }) {
  const words = lectureSay.value;
  const isOpen = opened.value === lecture.id;
  const { state, place, title, capacity, taken, waiting } = lecture;
  const free = Math.max(0, capacity - taken);
  const level = lecture.grades.map((grade) => say.value.grades[grade - 1]).join(say.value.list);
  const ended = !lectures.isAhead(lecture, Date.now());
  return (
    <article class="card lecture" aria-label={title}>
      <Cover lecture={lecture} />
      <div class="lecture-body">
        <p class="lecture-when"><time dateTime={lecture.starts_at}>{slot(lecture.starts_at, lecture.ends_at)}</time>{(state !== "open" || ended) && <span class={`state state-${state}`}>{words.states[state]}</span>}</p>
        <h3>{title}</h3>
        <p class="muted small">{say.value.subjects[lecture.subject]} · {level} · {words.by(lecture.lecturer_name)}</p>
        {isOpen && (
          <div class="lecture-more">
            {lecture.about && <p class="asked-text">{lecture.about}</p>}
            {lecture.knowledge_points.length > 0 && <ul class="topics" aria-label={words.points}>{lecture.knowledge_points.map((point) => <li key={point} class="tag">{point}</li>)}</ul>}
          </div>
        )}
        {state === "cancelled" && lecture.cancelled_why && <p class="warn">{words.whyCancelled(lecture.cancelled_why)}</p>}
        {!ended && (
          <p class="seats">
            <meter class="share" min={0} max={capacity} value={taken} aria-hidden="true" />
            <span class="small">{free > 0 && waiting === 0 ? words.seatsLeft(free) : [words.full, ...(waiting > 0 ? [words.waitingOf(waiting)] : [])].join(" · ")}</span>
          </p>
        )}
        {!ended && <Enrolment lecture={lecture} full={free === 0 || waiting > 0} />}
        {state === "over" && <a class="button wide" href={`#replay=${lecture.id}`}><Icon name="play" />{airSay.value.replay}</a>}
        {place?.state === "seated" && lectures.isOpenNow(lecture, Date.now()) && <a class="button primary wide" href={`#room=${lecture.id}`}>{words.enter}</a>}
        <div class="row lecture-links">
          <button class="button quiet small" aria-expanded={isOpen} onClick={() => (opened.value = isOpen ? null : lecture.id)}>{isOpen ? words.hide : words.details}</button>
          {!ended && place !== null && <a class="button quiet small" href={lectures.calendar(lecture.id)} download>{words.calendar}</a>}
        </div>
      </div>
    </article>
  );
}

function Enrolment({ lecture, full }: { lecture: LectureView; full: boolean }) {
  const words = lectureSay.value;
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const [sure, setSure] = useState(false);
  const { place } = lecture;
  const act = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setNo(null);
    await work().catch((error: unknown) => setNo(sentence(error)));
    setBusy(false);
  };
  const enrol = (): Promise<void> => act(async () => placed(lecture, await lectures.enrol(lecture.id)));
  const leave = (): Promise<void> => act(async () => {
    takeWhole(await lectures.leave(lecture.id));
    setSure(false);
    await refresh();
  });
  return (
    <>
      {no && <Notice kind="error">{no}</Notice>}
      {place === null || place.state === "left" ? (
        <button class={`button wide ${full ? "" : "primary"}`} disabled={busy || linkState.value === "offline"} onClick={() => void enrol()}>{busy ? say.value.loading : full ? words.queue : words.enrol}</button>
      ) : (
        <div class="place">
          <p role="status" class={`state ${place.state === "seated" ? "state-resolved" : "state-waits"}`}>{place.state === "seated" && <Icon name="check" />}{place.state === "seated" ? words.seated : words.waiting(place.ahead ?? 0)}</p>
          <button class="button small" disabled={busy} onClick={() => setSure(true)}>{words.leave}</button>
          {place.state === "waiting" && <p class="muted small place-note">{words.waitingMore}</p>}
        </div>
      )}
      {sure && (
        <Dialog title={words.sureLeave} onclose={() => setSure(false)} actions={
          <>
            <button class="button" onClick={() => setSure(false)}>{words.no}</button>
            <button class="button danger" disabled={busy} onClick={() => void leave()}>{words.yes}</button>
          </>
        }>
          <p>{words.sureLeaveMore}</p>
        </Dialog>
      )}
    </>
  );
}
