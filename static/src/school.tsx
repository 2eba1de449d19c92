// The school administrator's page: what guardians agree to, pupil by pupil.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Agreed, Wordings } from "./agreed";
import * as api from "./api";
import { floorSay } from "./floor-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { SchoolPupils } from "./protocol";
import { studio } from "./studio-words";
import { say, sentence } from "./words";

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
            <Wordings />
            {school !== null && school.school !== "" && <LectureVoice on={school.lecture_voice} />}
            <Search />
            {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
            {school === null ? !wrong.value && <Skeleton /> : school.pupils.length === 0 ? <Empty title={words.noPupils}>{words.noPupilsMore}</Empty> : <ul class="pupils">{school.pupils.map((pupil) => <Agreed key={pupil.id} pupil={pupil} put={(purpose, given) => api.sayConsent(pupil.id, { purpose, given, wording: school.wording }).then(load)} />)}</ul>}
            {school?.more && <p class="muted small">{words.morePupils}</p>}
          </>
        )}
      </main>
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

effect(() => void (document.title = `${say.value.name} · ${studio.value.consent}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("school_admin", () => void load());
