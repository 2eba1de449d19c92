// The bank for research staff: search and facets over all questions that are told, with the answers that may be watched.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import * as asks from "./bank";
import { type Name, type Search, addressOf, changed, marked, searchOf } from "./bank";
import { bank } from "./bank-words";
import { ByPhoto } from "./bank-photo";
import { Facets, nameOf } from "./facets";
import { Kept } from "./kept";
import { Refusal } from "./api";
import { flowed } from "./flow";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Icon, Notice, Skeleton, Stopped, TopBar, Unreached } from "./parts";
import type { AnswerView, BankItem, BankView } from "./protocol";
import { Player } from "./video";
import { grouped } from "./week";
import { say, sentence } from "./words";

const search = signal<Search>(searchOf(new URLSearchParams(location.search)));
const known = signal<BankView | null>(null);
const wrong = signal<string | null>(null);
const busy = signal(false);
const photoOpen = signal(false);
/** The kept search that is open, until another filter is chosen. */
const opened = signal<string | null>(null);
let turn = 0;

async function load(skip = 0): Promise<void> {
  const mine = ++turn;
  busy.value = true;
  try {
    const found = await asks.find(search.value, skip);
    if (mine !== turn) return;
    const before = known.value;
    [known.value, wrong.value] = [skip > 0 && before !== null ? { ...before, items: [...before.items, ...found.items], more: found.more } : found, null];
  } catch (error) {
    if (mine === turn) wrong.value = sentence(error);
  }
  if (mine === turn) busy.value = false;
}

function go(next: Search): void {
  search.value = next;
  skipped = 0;
  opened.value = null;
  const address = addressOf(next);
  history.pushState(null, "", address === "" ? location.pathname : `?${address}`);
  void load();
}
let skipped = 0;
const PAGE = 20;

const look = (change: Search): void => go(changed(search.value, change));

/** A link to a kept search opens what it is now. */
async function open(id: string): Promise<void> {
  try {
    const found = await asks.cohort(id);
    search.value = searchOf(Object.entries(found.search));
    opened.value = found.title;
    skipped = 0;
    history.replaceState(null, "", `?${addressOf(search.value, { cohort: id })}`);
    await load();
  } catch (error) {
    wrong.value = error instanceof Refusal && error.status === 404 ? bank.value.cohortGone : sentence(error);
  }
}

function Page() {
  const words = bank.value;
  const researches = me.value?.roles.includes("researcher") ?? false;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()}>
        {researches && <><a class="bar-button bar-word bar-link bar-wide" href="/monday">{words.monday}</a><a class="bar-button bar-word bar-link" href="/topics">{words.topics}</a></>}
      </TopBar>
      <DemoBanner />
      <main class="page page-bank">
        <Stopped />
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.title}</h1>
            <Find key={search.value.q ?? ""} />
            {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
            {known.value === null ? !wrong.value && <Skeleton /> : known.value.weeks.length === 0 ? <Empty title={words.noWeek}>{words.noWeekMore}</Empty> : <Found of={known.value} />}
          </>
        )}
      </main>
      {photoOpen.value && <ByPhoto onclose={() => (photoOpen.value = false)} onread={({ text, figure }) => { photoOpen.value = false; look({ q: text.slice(0, asks.LONGEST), figure: figure ?? "" }); }} />}
    </>
  );
}

function Find() {
  const words = bank.value;
  const [typed, setTyped] = useState(search.value.q ?? "");
  return (
    <form class="card bank-find" role="search" onSubmit={(event) => { event.preventDefault(); look({ q: typed.trim(), ...(typed.trim() === "" ? { figure: "" } : {}) }); }}>
      <label class="field grow"><span class="visually-hidden">{words.findLabel}</span><input type="search" value={typed} placeholder={words.findHint} maxLength={asks.LONGEST} onInput={(event) => setTyped(event.currentTarget.value)} /></label>
      <button class="button primary">{words.find}</button>
      <button class="button" type="button" onClick={() => (photoOpen.value = true)}><Icon name="camera" />{words.byPhoto}</button>
    </form>
  );
}

function Found({ of }: { of: BankView }) {
  const words = bank.value;
  const seeks = search.value.q !== undefined || search.value.figure !== undefined;
  return (
    <>
      <div class="bank-tools"><Kept search={search.value} opened={opened.value} onopen={(id) => void open(id)} /></div>
      {of.moved.map(({ what, was, now }) => <Notice key={what} kind="warning">{now == null ? words.gone(words[what], was) : words.moved(words[what], was, what === "topic" ? of.topics.find((each) => String(each.number) === now)?.name ?? now : now)}</Notice>)}
      {!of.by_meaning && <Notice kind="warning">{words.notByMeaning}</Notice>}
      {of.wordless && <Notice>{words.wordless}</Notice>}
      <div class="bank">
        <Facets of={of} search={search.value} onlook={look} />
        <section class="bank-found" aria-label={words.title} aria-busy={busy.value}>
          <Chosen of={of} />
          <p class="bank-total" role="status">{busy.value ? words.loading : (seeks && !of.wordless ? words.foundWords : words.found)(grouped(of.total))}</p>
          {of.answers.length > 0 && <Answers of={of.answers} terms={of.terms} />}
          {of.total === 0 ? <Nothing of={of} /> : (
            <ol class="bank-items">{of.items.map((item, n) => <li key={n} class="card"><Item of={item} terms={of.terms} seeks={seeks} /></li>)}</ol>
          )}
          {of.more && <button class="button wide" disabled={busy.value} onClick={() => void load((skipped += PAGE))}>{words.more}</button>}
          <p class="muted small">{words.rule}</p>
        </section>
      </div>
    </>
  );
}

/** What is chosen, each to be taken back. */
function Chosen({ of }: { of: BankView }) {
  const words = bank.value;
  const chosen = (Object.keys(search.value) as Name[]).filter((name) => name !== "weeks" && name !== "until");
  if (chosen.length === 0) return null;
  return (
    <ul class="bank-chosen">
      {chosen.map((name) => {
        const told = name === "q" ? search.value.q!.slice(0, 24) : name === "figure" ? words.figureChosen : nameOf(of, name, search.value[name]!);
        return <li key={name}><button class="bank-chip" aria-label={words.remove(told)} onClick={() => look({ [name]: "" })}>{told}<Icon name="cross" /></button></li>;
      })}
      {chosen.length > 1 && <li><button class="button small quiet" onClick={() => go({})}>{words.clear}</button></li>}
    </ul>
  );
}

/** Nothing is found: the condition that leaves least is offered first. */
function Nothing({ of }: { of: BankView }) {
  const words = bank.value;
  const drop = (name: string): void => look(name === "words" ? { q: "", figure: "" } : name === "weeks" ? { weeks: "52", until: "" } : { [name]: "" });
  return (
    <Empty title={words.none}>
      {words.noneMore}
      <span class="row wrap bank-without">
        {of.without.map(({ value, asked }) => <button key={value} class="button small" onClick={() => drop(value)}>{words.dropped(words[value as "words"], grouped(asked))}</button>)}
        <button class="button small quiet" onClick={() => go({})}>{words.clear}</button>
      </span>
    </Empty>
  );
}

function Text({ of, terms }: { of: string; terms: readonly string[] }) {
  return <p class="verbatim">{marked(flowed(of), terms).map(([piece, hit], n) => (hit ? <mark key={n}>{piece}</mark> : piece))}</p>;
}

function Item({ of, terms, seeks }: { of: BankItem; terms: readonly string[]; seeks: boolean }) {
  const words = bank.value;
  const place = [of.subject && say.value.subjects[of.subject], of.grade !== null ? say.value.grades[of.grade - 1] : of.stage && words.stages[of.stage], of.point].filter(Boolean).join(" · ");
  const why = [of.by_words && words.byWords, of.sure !== null && of.sure !== undefined && words.byMeaning(Math.round(of.sure * 100)), of.by_figure && words.byFigure].filter((each): each is string => typeof each === "string");
  return (
    <>
      <p class="bank-head">
        {of.outcome !== null && <span class={`tag ${OUTCOME_TAGS[of.outcome]}`}>{words.outcomes[of.outcome]}</span>}
        {of.difficulty !== null && <span class="tag tag-example">{words.difficulties[of.difficulty]}</span>}
        <span class="muted small">{place || words.coarse} · {words.week(of.week)}</span>
      </p>
      {of.text === "" ? <p class="muted">{words.noText}</p> : <Text of={of.text} terms={terms} />}
      {seeks && why.length > 0 && <p class="small muted"><span class="visually-hidden">{words.why}: </span>{why.map((each) => <span key={each} class="bank-why">{each}</span>)}</p>}
      {of.alike > 0 && <p class="small muted">{words.alike(of.alike)}</p>}
      {of.photo_url !== null && <img src={of.photo_url} alt={words.photo} loading="lazy" />}
      {of.answer !== null && of.answer.video_url !== null ? <Watch of={of.answer} /> : <p class="small muted">{words.noAnswer}</p>}
    </>
  );
}

const OUTCOME_TAGS = { seen: "tag-none", solved: "tag-paid", stuck: "tag-refused", reopened: "tag-refused", unanswered: "tag-held" } as const;

/** A player loads when somebody wants to watch: a page of twenty would fetch twenty films' beginnings. */
function Watch({ of }: { of: AnswerView }) {
  const [on, setOn] = useState(false);
  return on ? <Player answer={of} /> : <button class="button small" onClick={() => setOn(true)}><Icon name="play" />{bank.value.watch}</button>;
}

function Answers({ of, terms }: { of: readonly AnswerView[]; terms: readonly string[] }) {
  return (
    <section class="bank-answers" aria-labelledby="bank-answers">
      <h2 id="bank-answers">{bank.value.answers}</h2>
      <div class="bank-answer-row">
        {of.map((each) => <div key={each.id} class="card"><p class="muted small">{say.value.subjects[each.subject]} · {bank.value.stages[each.stage]}{each.title !== null && ` · ${each.title}`}</p><Text of={each.problem_text.length > 120 ? `${each.problem_text.slice(0, 119)}…` : each.problem_text} terms={terms} />{each.video_url !== null && <Watch of={each} />}</div>)}
      </div>
    </section>
  );
}

effect(() => void (document.title = `${say.value.name} · ${bank.value.title}`));
addEventListener("popstate", () => {
  search.value = searchOf(new URLSearchParams(location.search));
  skipped = 0;
  void load();
});

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin(["researcher", "school_admin"], () => {
  const id = new URLSearchParams(location.search).get("cohort");
  void (id === null ? load() : open(id));
});
