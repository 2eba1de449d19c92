// The school administrator's page: what guardians agree to, pupil by pupil.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Dialog, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { PupilView, Purpose, SchoolPupils } from "./protocol";
import { studio } from "./studio-words";
import { moment, say, sentence } from "./words";

const PURPOSES: readonly Purpose[] = ["service", "recording", "public_video", "research"];
const SEARCH_MS = 300;
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
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class="page page-school">
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.consent}{school?.school && <span class="muted"> · {school.school}</span>}</h1>
            <p class="muted">{words.consentMore}</p>
            <dl class="wordings">{PURPOSES.map((purpose) => <div key={purpose}><dt>{words.purposes[purpose]}</dt><dd class="muted small">{words.wordings[purpose]}</dd></div>)}</dl>
            <p class="muted small">{words.bothNeeded}</p>
            <Search />
            {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
            {school === null ? !wrong.value && <Skeleton /> : school.pupils.length === 0 ? <Empty title={words.noPupils}>{words.noPupilsMore}</Empty> : <ul class="pupils">{school.pupils.map((pupil) => <Pupil key={pupil.id} pupil={pupil} wording={school.wording} />)}</ul>}
            {school?.more && <p class="muted small">{words.morePupils}</p>}
          </>
        )}
      </main>
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

function Pupil({ pupil, wording }: { pupil: PupilView; wording: string }) {
  const [words, more] = [say.value, studio.value];
  const [sure, setSure] = useState<Purpose | null>(null);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const put = async (purpose: Purpose, given: boolean): Promise<void> => {
    setBusy(true);
    setRefused(null);
    await api.sayConsent(pupil.id, { purpose, given, wording }).then(load, (error: unknown) => setRefused(sentence(error)));
    setSure(null);
    setBusy(false);
  };
  const voice = (purpose: Purpose): boolean => purpose === "recording" || purpose === "public_video";
  return (
    <li class="card pupil">
      <div>
        <p><strong>{pupil.real_name}</strong> <span class="muted small">{pupil.grade !== null && words.grades[pupil.grade - 1]} · {pupil.login}</span></p>
        <p class="muted small">{pupil.said_at === null ? more.never : more.said(moment(pupil.said_at))}</p>
      </div>
      <div class="purposes" role="group" aria-label={pupil.real_name}>
        {PURPOSES.map((purpose) => {
          const on = pupil.agreed.includes(purpose);
          return (
            <label key={purpose} class="purpose">
              <input type="checkbox" checked={on} disabled={busy} onChange={(event) => {
                event.currentTarget.checked = on; // until it is written down
                if (on) setSure(purpose);
                else void put(purpose, true);
              }} />
              <span>{more.purposes[purpose]}</span>
            </label>
          );
        })}
      </div>
      {refused && <Notice kind="error">{refused}</Notice>}
      {sure !== null && (
        <Dialog title={more.withdrawSure(more.purposes[sure])} onclose={() => setSure(null)} actions={
          <>
            <button class="button" disabled={busy} onClick={() => setSure(null)}>{words.no}</button>
            <button class="button danger" disabled={busy} onClick={() => void put(sure, false)}>{more.withdraw}</button>
          </>
        }>
          <p>{pupil.real_name}</p>
          <p>{voice(sure) ? more.withdrawMore : more.withdrawPlain}</p>
        </Dialog>
      )}
    </li>
  );
}

effect(() => void (document.title = `${say.value.name} · ${studio.value.consent}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("school_admin", () => void load());
