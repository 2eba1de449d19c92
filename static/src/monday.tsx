// The research staff's Monday: the week at a glance, its reports, and data to take away.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { bank } from "./bank-words";
import { Findings } from "./findings";
import { bySchoolOf, nameOf, whereOf } from "./heat";
import { monday } from "./monday-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Dialog, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import { Projects } from "./projects";
import type { ExemplarView, MondayView, PointName, Subject } from "./protocol";
import { Reports } from "./reports";
import { Player } from "./video";
import { exemplars, type Facets, facetsOf, searchOf, sundayOf, week } from "./week";
import { say, sentence } from "./words";

interface Picked { where: string; point: PointName; facets: Facets }

type Tab = keyof typeof monday.value.tabs;

/** A link may lead to a tab: /monday#reports. */
const tabOf = (hash: string): Tab => (["reports", "data"] as const).find((each) => hash === `#${each}`) ?? "week";
const tab = signal<Tab>(tabOf(location.hash));
const facets = signal<Facets>(facetsOf(location.search));
const known = signal<MondayView | null>(null);
const wrong = signal<string | null>(null);
const picked = signal<Picked | null>(null);

async function load(): Promise<void> {
  const wanted = facets.value;
  try {
    const found = await week(wanted);
    if (facets.value === wanted) [known.value, wrong.value] = [found, null];
  } catch (error) {
    if (facets.value === wanted) wrong.value = sentence(error);
  }
}

function look(change: Facets): void {
  facets.value = { ...facets.value, ...change };
  const search = searchOf(facets.value);
  history.replaceState(null, "", search === "" ? location.pathname : `?${search}`);
  void load();
}

function turn(to: Tab): void {
  tab.value = to;
  history.replaceState(null, "", `${location.pathname}${location.search}${to === "week" ? "" : `#${to}`}`);
}

function Page() {
  const words = monday.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()}><a class="bar-button bar-word bar-link" href="/bank">{bank.value.title}</a><a class="bar-button bar-word bar-link bar-wide" href="/topics">{words.topics}</a></TopBar>
      <DemoBanner />
      <main class="page page-monday">
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.title}</h1>
            <nav class="tabs" aria-label={words.title}>
              {(Object.keys(words.tabs) as Tab[]).map((each) => <button key={each} aria-current={tab.value === each ? "page" : undefined} onClick={() => turn(each)}>{words.tabs[each]}</button>)}
            </nav>
            {tab.value === "week" ? <Now /> : tab.value === "reports" ? <Reports /> : <Projects />}
          </>
        )}
      </main>
      {picked.value && <Exemplars of={picked.value} />}
    </>
  );
}

function Now() {
  const words = monday.value;
  return (
    <>
      {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
      {known.value === null ? !wrong.value && <Skeleton /> : known.value.week === null ? <Empty title={words.noWeek}>{words.noWeekMore}</Empty> : <Week of={known.value} on={known.value.week} />}
    </>
  );
}

function Week({ of, on }: { of: MondayView; on: string }) {
  const words = monday.value;
  return (
    <>
      <Choices of={of} on={on} />
      <p class="print-only">{words.weekOf(on, sundayOf(on))}　{[facets.value.subject && say.value.subjects[facets.value.subject as Subject], facets.value.grade && say.value.grades[Number(facets.value.grade) - 1], of.schools.find((each) => each.id === facets.value.school)?.name].filter(Boolean).join("　") || words.allWeek}</p>
      {of.total.asked === 0 ? <Empty title={words.nothing}>{words.nothingMore}</Empty> : (
        <Findings of={of} onpick={(row, point) => (picked.value = { where: whereOf(row, bySchoolOf(of.rows)), point, facets: { ...facets.value, week: on, grade: String(row.grade), ...(row.school_id ? { school: row.school_id } : {}) } })} />
      )}
      <p class="muted small">{words.rule}</p>
    </>
  );
}

function Choices({ of, on }: { of: MondayView; on: string }) {
  const words = monday.value;
  const [copied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard.writeText(`${location.origin}${location.pathname}?${searchOf({ ...facets.value, week: on })}`).then(() => setCopied(true), () => undefined);
  const weeks = of.weeks.includes(on) ? of.weeks : [on, ...of.weeks];
  return (
    <div class="card choices" role="search">
      <Choice label={words.week} value={on} none={null} options={weeks.map((each) => [each, words.weekOf(each, sundayOf(each))])} onpick={(value) => look({ week: value })} />
      <Choice label={words.subject} value={facets.value.subject ?? ""} none={words.all} options={Object.entries(say.value.subjects)} onpick={(value) => look({ subject: value })} />
      <Choice label={words.grade} value={facets.value.grade ?? ""} none={words.all} options={say.value.grades.map((name, n) => [String(n + 1), name])} onpick={(value) => look({ grade: value })} />
      <Choice label={words.school} value={facets.value.school ?? ""} none={words.all} options={of.schools.map((each) => [each.id, each.name])} onpick={(value) => look({ school: value })} />
      <div class="row wrap"><button class="button small" onClick={copy}>{copied ? words.linked : words.link}</button><button class="button small" onClick={() => print()}>{words.print}</button></div>
    </div>
  );
}

function Choice({ label, value, none, options, onpick }: { label: string; value: string; none: string | null; options: readonly (readonly [string, string])[]; onpick: (value: string) => void }) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onpick(event.currentTarget.value)}>
        {none !== null && <option value="">{none}</option>}
        {options.map(([key, name]) => <option key={key} value={key} selected={key === value}>{name}</option>)}
      </select>
    </label>
  );
}

function Exemplars({ of }: { of: Picked }) {
  const words = monday.value;
  const [found, setFound] = useState<ExemplarView[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => void exemplars(of.facets, of.point).then(({ exemplars: all }) => setFound(all), (error: unknown) => setFailed(sentence(error))), [of]);
  const close = (): void => void (picked.value = null);
  return (
    <Dialog title={words.cellOf(of.where, nameOf(of.point))} wide onclose={close} actions={<button class="button" onClick={close}>{words.close}</button>}>
      <p class="muted small">{words.exemplarsMore}</p>
      {failed !== null && <Notice kind="error">{failed}</Notice>}
      {found === null ? failed === null && <Skeleton /> : found.length === 0 ? <Empty title={words.noExemplars} /> : (
        <ol class="exemplars">
          {found.map((each, n) => (
            <li key={n}>
              <p><span class="tag">{words.outcome[each.outcome]}</span></p>
              <p class="verbatim">{each.text}</p>
              {each.photo_url !== null && <img src={each.photo_url} alt={words.photo} loading="lazy" />}
              {each.answer.video_url !== null && <Player answer={each.answer} />}
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  );
}

effect(() => void (document.title = `${say.value.name} · ${monday.value.title}`));
// What is folded away belongs on paper.

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("researcher", () => void load());
