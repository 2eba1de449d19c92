// The research staff's Monday: the week at a glance, its reports, and data to take away.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Heat, keyOf, nameOf, whereOf } from "./heat";
import { monday } from "./monday-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Dialog, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { ExemplarView, MondayView, PointName, PointWeek, ShareView, Subject, WeekFigures } from "./protocol";
import { Trend } from "./trend";
import { Player } from "./video";
import { around, exemplars, type Facets, facetsOf, grouped, percent, perMille, searchOf, signed, sundayOf, week } from "./week";
import { say, sentence } from "./words";

interface Picked { where: string; point: PointName; facets: Facets }

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

function Page() {
  const words = monday.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()}><a class="bar-button bar-word bar-link" href="/topics">{words.topics}</a></TopBar>
      <DemoBanner />
      <main class="page page-monday">
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.title}</h1>
            {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
            {known.value === null ? !wrong.value && <Skeleton /> : known.value.week === null ? <Empty title={words.noWeek}>{words.noWeekMore}</Empty> : <Week of={known.value} on={known.value.week} />}
          </>
        )}
      </main>
      {picked.value && <Exemplars of={picked.value} />}
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
        <>
          <Totals now={of.total} before={of.before} />
          {of.rows.length > 0 && <Heat of={of} onpick={(row, point) => (picked.value = { where: whereOf(row), point, facets: { ...facets.value, week: on, grade: String(row.grade), ...(row.school_id ? { school: row.school_id } : {}) } })} />}
          <div class="monday-lists">
            <List id="risen" title={words.risen} none={words.noneRisen} points={of.risen} of={(each) => each.week} form={signed} unit={words.change} note={words.atLeast} />
            <List id="fallen" title={words.fallen} none={words.noneRisen} points={of.fallen} of={(each) => each.week} form={signed} unit={words.change} />
            <List id="hardest" title={words.hardest} none={words.noneHard} points={of.hardest} of={(each) => each.figures.stuck} form={percent} unit={words.stuck} note={words.byLow} />
          </div>
          <Trend line={of.line} />
          <All points={of.points} />
        </>
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

function Totals({ now, before }: { now: WeekFigures; before: WeekFigures }) {
  const words = monday.value;
  const counted = (["asked", "askers", "unanswered", "reopened"] as const).map((name) => [words[name], grouped(now[name]), before.asked > 0 ? words.before(grouped(before[name])) : null] as const);
  const stuck = now.stuck === null ? null : [words.stuck, percent(now.stuck.share), around(now.stuck, percent)] as const;
  const waits = (["median", "p95"] as const).flatMap((name) => {
    const [seconds, then] = [now[`${name}_s`], before[`${name}_s`]];
    return seconds === null ? [] : [[words[name], words.seconds(seconds), then === null ? null : words.before(words.seconds(then))] as const];
  });
  return (
    <dl class="totals">
      {[...counted, ...(stuck ? [stuck] : []), ...waits].map(([name, value, more]) => <div key={name} class="card total"><dt>{name}</dt><dd><b class="digits">{value}</b>{more && <span class="muted small digits">{more}</span>}</dd></div>)}
    </dl>
  );
}

interface ListProps { id: string; title: string; none: string; points: PointWeek[]; of: (point: PointWeek) => ShareView | null; form: (share: number) => string; unit: string; note?: string }

function List({ id, title, none, points, of, form, unit, note }: ListProps) {
  const words = monday.value;
  const most = Math.max(...points.map((each) => Math.abs(of(each)?.share ?? 0)));
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {points.length === 0 ? <p class="muted">{none}</p> : (
        <table class="movers">
          <thead><tr><th scope="col">{words.point}</th><th scope="col">{unit}</th></tr></thead>
          <tbody>
            {points.map((each) => {
              const share = of(each)!;
              return (
                <tr key={keyOf(each.point)}>
                  <th scope="row">{nameOf(each.point)}<br /><span class="muted small">{say.value.subjects[each.point.subject]} · {words.stages[each.point.stage]}</span></th>
                  <td><meter class={`share mover-${id}`} min={0} max={most} value={Math.abs(share.share)} aria-hidden="true" /><b class="digits">{form(share.share)}</b><br /><span class="muted small digits" title={words.interval(form(share.low), form(share.high))}>{form(share.low)} … {form(share.high)}</span></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {note !== undefined && points.length > 0 && <p class="muted small">{note}</p>}
    </section>
  );
}

function All({ points }: { points: PointWeek[] }) {
  const words = monday.value;
  return (
    <details class="card all-points">
      <summary>{words.allPoints(points.length)}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.allPoints(points.length)}>
        <table class="roll">
          <thead><tr>{[words.point, words.asked, words.askers, words.rate, words.change, words.year, words.unanswered, words.reopened, words.stuck, words.median, words.p95].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
          <tbody>
            {points.map(({ point, figures, rate, week: grown, year }) => (
              <tr key={keyOf(point)}>
                <th scope="row">{nameOf(point)}<br /><span class="muted small">{say.value.subjects[point.subject]} · {words.stages[point.stage]}</span></th>
                <td class="digits">{figures.asked}</td><td class="digits">{figures.askers}</td>
                <td class="digits">{rate && <>{perMille(rate.share)}<br /><span class="muted small">{around(rate)}</span></>}</td>
                <td class="digits">{grown && <>{signed(grown.share)}<br /><span class="muted small">{signed(grown.low)} … {signed(grown.high)}</span></>}</td>
                <td class="digits">{year && <>{signed(year.share)}<br /><span class="muted small">{signed(year.low)} … {signed(year.high)}</span></>}</td>
                <td class="digits">{figures.unanswered}</td><td class="digits">{figures.reopened}</td>
                <td class="digits">{figures.stuck && <>{percent(figures.stuck.share)}<br /><span class="muted small">{around(figures.stuck, percent)}</span></>}</td>
                <td class="digits">{figures.median_s !== null && words.seconds(figures.median_s)}</td><td class="digits">{figures.p95_s !== null && words.seconds(figures.p95_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
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
addEventListener("beforeprint", () => document.querySelectorAll<HTMLDetailsElement>("details.as-table").forEach((each) => (each.open = true)));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("researcher", () => void load());
