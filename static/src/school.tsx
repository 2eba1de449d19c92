// The school administrator's page: what guardians agree to, pupil by pupil; the school's weekly reports, and the bank.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Agreed, Wordings } from "./agreed";
import * as api from "./api";
import { bank } from "./bank-words";
import { monday } from "./monday-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { SchoolPupils } from "./protocol";
import { Reports } from "./reports";
import { studio } from "./studio-words";
import { say, sentence } from "./words";

const SEARCH_MS = 300;
const TABS = ["consent", "reports"] as const;
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
              {TABS.map((each) => <button key={each} aria-current={tab.value === each ? "page" : undefined} onClick={() => (tab.value = each)}>{each === "reports" ? monday.value.reports : words.consent}</button>)}
            </nav>
            {tab.value === "reports" ? <Reports /> : <Consents school={school} />}
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
