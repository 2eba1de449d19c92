// The school administrator's page: what guardians agree to, pupil by pupil; the school's weekly reports, and the bank.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Agreed, Wordings } from "./agreed";
import { airSay } from "./air-words";
import * as api from "./api";
import { bank } from "./bank-words";
import { floorSay } from "./floor-words";
import { monday } from "./monday-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { SchoolFilms, SchoolPupils } from "./protocol";
import { Reports } from "./reports";
import { studio } from "./studio-words";
import { moment, say, sentence } from "./words";

const SEARCH_MS = 300;
const TABS = ["consent", "lectures", "reports"] as const;
const tab = signal<(typeof TABS)[number]>("consent");
const known = signal<SchoolPupils | null>(null);
const wrong = signal<string | null>(null);
const search = signal("");

async function load(): Promise<void> {
  const wanted = search.value;
  try {
    const found = await api.pupils(wanted);
    if (search.value === wanted) known.value = found;
    wrong.value = null;
  } catch (error) {
    wrong.value = sentence(error);
  }
}

function Page() {
  const words = studio.value;
  const school = known.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()}><a class="bar-button bar-word bar-link" href="/bank">{bank.value.title}</a></TopBar>
      <DemoBanner />
      <main class={tab.value === "reports" ? "page page-monday" : "page page-school"}>
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.school}{school?.school && <span class="muted"> · {school.school}</span>}</h1>
            <nav class="tabs" aria-label={words.school}>
              {TABS.map((each) => <button key={each} aria-current={tab.value === each ? "page" : undefined} onClick={() => (tab.value = each)}>{{ consent: words.consent, lectures: floorSay.value.lectures, reports: monday.value.reports }[each]}</button>)}
            </nav>
            {tab.value === "reports" ? <Reports /> : tab.value === "consent" ? <Consents school={school} /> : <Lectures school={school} />}
          </>
        )}
      </main>
    </>
  );
}

function Consents({ school }: { school: SchoolPupils | null }) {
  const words = studio.value;
  return (
    <>
      <p class="muted">{words.consentMore}</p>
      <Wordings />
      <Search />
      {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
      {school === null ? !wrong.value && <Skeleton /> : school.pupils.length === 0 ? <Empty title={words.noPupils}>{words.noPupilsMore}</Empty> : <ul class="pupils">{school.pupils.map((pupil) => <Agreed key={pupil.id} pupil={pupil} put={(purpose, given) => api.sayConsent(pupil.id, { purpose, given, wording: school.wording }).then(load)} />)}</ul>}
      {school?.more && <p class="muted small">{words.morePupils}</p>}
    </>
  );
}

/** Whether pupils may speak in lectures at all; which of them, guardians say. */
function LectureVoice({ on }: { on: boolean }) {
  const words = floorSay.value;
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const put = async (wanted: boolean): Promise<void> => {
    setBusy(true);
    setNo(null);
    await api.lectureVoice(wanted).then(load, (error: unknown) => setNo(sentence(error)));
    setBusy(false);
  };
  return (
    <section class="card lecture-voice" aria-label={words.schoolTitle}>
      <h2>{words.schoolTitle}</h2>
      <p class="muted small">{words.schoolMore}</p>
      <label class="purpose"><input type="checkbox" checked={on} disabled={busy} onChange={(event) => { const wanted = event.currentTarget.checked; event.currentTarget.checked = on; void put(wanted); }} /><span>{words.schoolOn}</span></label>
      {no && <Notice kind="error">{no}</Notice>}
    </section>
  );
}

/** Lectures as videos, for the school to keep. */
function Films() {
  const words = floorSay.value;
  const [found, setFound] = useState<SchoolFilms | null>(null);
  const [no, setNo] = useState(false);
  const look = (): void => {
    setNo(false);
    void api.schoolFilms().then(setFound, () => setNo(true));
  };
  useEffect(look, []);
  return (
    <section class="school-films" aria-label={words.films}>
      <h2>{words.films}</h2>
      <p class="muted small">{words.filmsMore}</p>
      {no && <><Notice kind="error">{words.filmsWrong}</Notice><button class="button" onClick={look}>{studio.value.tryAgain}</button></>}
      {found === null ? !no && <Skeleton /> : found.films.length === 0 ? <Empty title={words.noFilms} /> : (
        <ul class="pupils">
          {found.films.map(({ lecture_id, title, lecturer_name, subject, held_at, film }) => (
            <li key={lecture_id} class="card pupil school-film">
              <div>
                <p><strong>{title}</strong> <span class="tag">{say.value.subjects[subject]}</span></p>
                <p class="muted small">{words.filmOf(lecturer_name, moment(held_at))} · {words.filmMinutes(Math.max(1, Math.round((film.duration_ms ?? 0) / 60_000)))}</p>
              </div>
              {film.download_url !== null && <a class="button" href={film.download_url} download>{airSay.value.download(((film.size ?? 0) / 1_000_000).toFixed(1))}</a>}
            </li>
          ))}
        </ul>
      )}
      {found?.more && <p class="muted small">{words.filmsOlder}</p>}
    </section>
  );
}

function Lectures({ school }: { school: SchoolPupils | null }) {
  return (
    <>
      {school === null ? wrong.value ? <Notice kind="error">{wrong.value}</Notice> : <Skeleton /> : school.school !== "" && <LectureVoice on={school.lecture_voice} />}
      <Films />
    </>
  );
}

function Search() {
  const [text, setText] = useState("");
  useEffect(() => {
    if (text === search.value) return;
    const timer = setTimeout(() => {
      search.value = text;
      void load();
    }, SEARCH_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return <label class="field"><span>{studio.value.search}</span><input type="search" maxLength={50} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>;
}

effect(() => void (document.title = `${say.value.name} · ${studio.value.school}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("school_admin", () => void load());
