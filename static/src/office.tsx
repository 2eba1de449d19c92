// The finance office: months, what is held, policies and their differences, a draft tried on real work, appeals.
import { Fragment, type ComponentChildren } from "preact";
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Accounts } from "./accounts";
import { Refusal } from "./api";
import { HoldCard } from "./hold";
import { lineChanges } from "./lines";
import * as money from "./money";
import { amount, money as say } from "./money-words";
import { AppealCard } from "./mymonth";
import { Dialog, Empty, Notice, Skeleton } from "./parts";
import type { MonthView, MoveMonth, OfficeView, PolicyView, SimulatedRow, SimulationView, StatementLines, StatementView } from "./protocol";
import { moment, sentence } from "./words";

type Tab = keyof typeof say.value.tabs;
type Does = (work: () => Promise<OfficeView>) => Promise<void>;

/** Of a document that is refused every mistake, line by line. */
const told = (error: unknown): string => (error instanceof Refusal && error.problem.code === "policy_refused" && error.problem.detail !== null ? `${sentence(error)}\n${error.problem.detail}` : sentence(error));

export function FinanceOffice({ fact, audit }: { fact: Signal<string>; audit: ComponentChildren }) {
  const words = say.value;
  const [found, setFound] = useState<OfficeView | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [tab, setTab] = useState<Tab>(fact.value === "" ? "months" : "audit");
  const does: Does = async (work) => {
    setBusy(true);
    setWrong(null);
    await work().then(setFound, (error: unknown) => setWrong(told(error)));
    setBusy(false);
  };
  useEffect(() => void does(money.office), []);
  const trace = (id: string): void => { fact.value = id; setTab("audit"); };
  const counts: Partial<Record<Tab, number>> = found === null ? {} : { holds: found.holds.length, appeals: found.appeals.filter(({ reply }) => reply === null).length, policies: found.policies.filter(({ in_force }) => !in_force).length };
  return (
    <>
      <div class="office-head"><h1>{found?.may_change === false ? words.audit : words.office}</h1>{found?.may_change === false && <span class="tag">{words.readOnly}</span>}<a class="to-public" href="/disclosure">{words.publicPage} ›</a></div>
      <nav class="tabs" aria-label={words.title}>
        {(Object.keys(words.tabs) as Tab[]).map((each) => (
          <button key={each} aria-current={tab === each ? "page" : undefined} onClick={() => { setTab(each); setWrong(null); }}>{words.tabs[each]}{(counts[each] ?? 0) > 0 && <span class="count">{counts[each]}</span>}</button>
        ))}
      </nav>
      {wrong !== null && <div class="notice notice-error verbatim" role="alert">{wrong}</div>}
      {tab === "audit" ? audit : found === null ? <Skeleton /> : tab === "months" ? <Months office={found} busy={busy} does={does} trace={trace} />
        : tab === "holds" ? <Holds office={found} busy={busy} does={does} trace={trace} />
        : tab === "policies" ? <Policies office={found} busy={busy} does={does} />
        : tab === "simulate" ? <Simulator office={found} />
        : tab === "accounts" ? <Accounts may={found.may_change} />
        : <Appeals office={found} does={does} />}
    </>
  );
}

interface Part {
  office: OfficeView;
  busy: boolean;
  does: Does;
}

function Months({ office, busy, does, trace }: Part & { trace: (fact: string) => void }) {
  const words = say.value;
  const [asked, setAsked] = useState<MoveMonth | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  if (office.months.length === 0) return <section class="card"><Empty title={words.noMonths}>{words.noMonthsMore}</Empty></section>;
  const oldestOpen = [...office.months].reverse().find(({ state }) => state === "open")?.month;
  const sure = { reckon: words.sureReckon, close: words.sureClose, pay: words.surePay };
  const names = { reckon: words.reckon, close: words.close, pay: words.pay };
  const button = (month: MonthView, step: MoveMonth["step"]) => <button class="button small" disabled={busy} onClick={() => setAsked({ month: month.month, step })}>{names[step]}</button>;
  return (
    <section class="card months">
      {office.without_account.length > 0 && <p class="notice notice-warning" role="status">{words.withoutPay(office.without_account.join("、"))}</p>}
      <ul class="money-lines">
        {office.months.map((each) => (
          <li key={each.month}>
            <div class="month-row">
              <b class="digits month-name">{each.month}</b>
              <span class={`tag tag-${each.state}`}>{words.states[each.state]}</span>
              <span class="muted small grow">{each.state === "reckoned" && each.appeal_until !== null && `${words.appealUntil(moment(each.appeal_until))} · `}{words.by(each.reckoned_by, each.closed_by)}</span>
              <span class="digits line-sum">{amount(each.fen)}</span>
            </div>
            {each.paid_fen > 0 && <p class="muted small">{words.paid} <span class="digits">{amount(each.paid_fen)}</span></p>}
            <div class="row wrap">
              {office.may_change && each.state === "open" && each.month === oldestOpen && button(each, "reckon")}
              {office.may_change && each.state === "reckoned" && button(each, "close")}
              {office.may_change && each.state === "closed" && button(each, "pay")}
              {each.state !== "open" && <button class="button small" aria-expanded={open === each.month} onClick={() => setOpen(open === each.month ? null : each.month)}>{open === each.month ? words.hide : words.show}</button>}
              {office.may_change && each.state === "closed" && <><a class="button small" href={money.batchOf(each.month, "xlsx")} download>{words.batch} XLSX</a><a class="button small" href={money.batchOf(each.month, "csv")} download>CSV</a></>}
            </div>
            {open === each.month && <Statements month={each.month} may={office.may_change} trace={trace} />}
          </li>
        ))}
      </ul>
      {asked !== null && (
        <Dialog title={sure[asked.step](asked.month)} onclose={() => setAsked(null)} actions={<><button class="button" onClick={() => setAsked(null)}>{words.cancel}</button><button class="button primary" onClick={() => { setAsked(null); void does(() => money.moveMonth(asked)); }}>{words.yes}</button></>}>{asked.step === "pay" && office.without_account.length > 0 ? <p class="notice notice-warning">{words.withoutPay(office.without_account.join("、"))}</p> : null}</Dialog>
      )}
    </section>
  );
}

function Statements({ month, may, trace }: { month: string; may: boolean; trace: (fact: string) => void }) {
  const words = say.value;
  const [opened, setOpened] = useState<string | null>(null);
  const [found, setFound] = useState<readonly StatementView[] | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const load = (): void => void money.statements(month).then(({ statements }) => setFound(statements), (error: unknown) => setWrong(sentence(error)));
  useEffect(load, [month]);
  const settle = (id: string, outcome: "paid" | "bounced", why = ""): void => void money.settle(id, { outcome, why }).then(load, (error: unknown) => setWrong(sentence(error)));
  if (found === null) return wrong === null ? <Skeleton /> : <Notice kind="error">{wrong}</Notice>;
  return (
    <div class="scroll">
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      <table class="roll">
        <thead><tr><th scope="col">{words.teacher}</th><th scope="col" class="right">{words.amount}</th><th scope="col" class="right">{words.held}</th><th scope="col">{words.state}</th><th scope="col">{words.act}</th></tr></thead>
        <tbody>
          {found.map((each) => (
            <Fragment key={each.id}>
            <tr>
              <td>{each.teacher}</td><td class="digits right">{amount(each.fen)}</td><td class="digits right">{each.held_fen === 0 ? "" : amount(each.held_fen)}</td>
              <td><span class={`tag tag-${each.payout ?? "none"}`}>{each.payout === null ? words.notYet : words.payout[each.payout]}</span></td>
              <td class="acts">
                <button class="button small" aria-expanded={opened === each.id} aria-label={`${words.linesOf} ${each.teacher}`} onClick={() => setOpened(opened === each.id ? null : each.id)}>{opened === each.id ? words.hideLines : words.linesOf}</button>
                <a class="button small" href={money.pdfOf(each.id)} download aria-label={`${words.pdf} ${each.teacher}`}>{words.pdf}</a>
                <a class="button small" href={money.appraisalOf(each.teacher_id)} download aria-label={`${words.appraisalPdf} ${each.teacher}`}>{words.appraisalPdf}</a>
                {may && each.payout === "ordered" && each.payout_id !== null && <PayoutActs name={each.teacher} settle={(outcome, why) => settle(each.payout_id!, outcome, why)} />}
              </td>
            </tr>
            {opened === each.id && <tr><td colSpan={5}><Lines statement={each.id} trace={trace} /></td></tr>}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The postings on a statement; each leads down to what was done for it. */
function Lines({ statement, trace }: { statement: string; trace: (fact: string) => void }) {
  const words = say.value;
  const [found, setFound] = useState<StatementLines | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => void money.statementLines(statement).then(setFound, (error: unknown) => setWrong(sentence(error))), [statement]);
  if (found === null) return wrong === null ? <Skeleton /> : <Notice kind="error">{wrong}</Notice>;
  return (
    <ul class="money-lines claimed">
      {found.lines.map((each, n) => (
        <li key={n} class="statement">
          <span class="grow"><b>{words.work[each.work] ?? each.work}</b>{each.status !== "paid" && <span class={`tag tag-${each.status}`}>{words.status[each.status] ?? each.status}</span>}{each.kind === "adjustment" && <span class="tag tag-none">{words.adjusted}</span>}<span class="muted small line-when">{moment(each.at)}{each.summary && `　${each.summary}`}</span></span>
          <span class={`digits line-sum line-${each.status}`}>{amount(each.status === "held" ? each.held_fen : each.fen)}</span>
          <button class="button small" aria-label={`${words.trace} ${each.fact}`} onClick={() => trace(each.fact)}>{words.trace}</button>
        </li>
      ))}
    </ul>
  );
}

function PayoutActs({ name, settle }: { name: string; settle: (outcome: "paid" | "bounced", why?: string) => void }) {
  const words = say.value;
  const [why, setWhy] = useState<string | null>(null);
  if (why !== null) {
    return (
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); settle("bounced", why); }}>
        <input aria-label={words.whyBounced} placeholder={words.whyBounced} value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
        <button class="button small danger" disabled={why.trim() === ""}>{words.markBounced}</button>
      </form>
    );
  }
  return <><button class="button small" aria-label={`${words.markPaid} ${name}`} onClick={() => settle("paid")}>{words.markPaid}</button><button class="button small" aria-label={`${words.markBounced} ${name}`} onClick={() => setWhy("")}>{words.markBounced}</button></>;
}

function Holds({ office, busy, does, trace }: Part & { trace: (fact: string) => void }) {
  const words = say.value;
  if (office.holds.length === 0) return <section class="card"><Empty title={words.noHolds}>{words.noHoldsMore}</Empty></section>;
  return <>{office.holds.map((hold) => <HoldCard key={hold.fact} hold={hold} may={office.may_change && !busy} decide={(body) => void does(() => money.review(body))} trace={trace} />)}</>;
}

function Policies({ office, busy, does }: Part) {
  const words = say.value;
  const [text, setText] = useState<string | null>(null);
  const newest = office.policies.find(({ in_force }) => in_force)?.document ?? "";
  return (
    <>
      {office.policies.map((each, n) => <PolicyCard key={each.id} policy={each} before={office.policies.slice(n + 1).find(({ in_force }) => in_force)?.document ?? null} may={office.may_change && !busy} approve={() => void does(() => money.approve(each.id))} />)}
      {office.may_change && (text === null
        ? <button class="button wide" onClick={() => setText(newest)}>{words.newPolicy}</button>
        : (
          <form class="card stack" onSubmit={(event) => { event.preventDefault(); void does(async () => { const next = await money.propose(text); setText(null); return next; }); }}>
            <label class="field"><span>{words.document}</span><textarea class="mono toml" rows={18} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
            <p class="muted small">{words.checkFirst}</p>
            <div class="row"><button class="button primary" disabled={busy}>{words.propose}</button><button class="button" type="button" onClick={() => setText(null)}>{words.cancel}</button></div>
          </form>
        ))}
    </>
  );
}

function PolicyCard({ policy, before, may, approve }: { policy: PolicyView; before: string | null; may: boolean; approve: () => void }) {
  const words = say.value;
  const changes = before === null ? [] : lineChanges(before, policy.document);
  return (
    <section class="card">
      <div class="month-head"><h2>{policy.name}</h2><span class={`tag tag-${policy.in_force ? "closed" : "held"}`}>{policy.in_force ? words.inForce : words.draft}</span></div>
      <p class="muted small">{words.from(policy.valid_from, policy.valid_to)}　{[policy.proposed_by, policy.approved_by].filter(Boolean).join(" → ")}</p>
      {before !== null && <details open={!policy.in_force}><summary>{words.diff}</summary>{changes.every(([kind]) => kind === "same") ? <p class="muted">{words.noDiff}</p> : <pre tabIndex={0} class="record diff">{changes.map(([kind, line], n) => <span key={n} class={`diff-${kind}`}>{kind === "in" ? "+ " : kind === "out" ? "− " : "  "}{line}{"\n"}</span>)}</pre>}</details>}
      <details><summary>{words.whole}</summary><pre tabIndex={0} class="record">{policy.document}</pre></details>
      {!policy.in_force && (policy.mine ? <p class="muted small">{words.ownDraft}</p> : may && <button class="button primary" onClick={approve}>{words.approve}</button>)}
    </section>
  );
}

const today = (): string => new Date().toISOString().slice(0, 10);
const monthsAgo = (n: number): string => { const day = new Date(); day.setMonth(day.getMonth() - n, 1); return day.toISOString().slice(0, 10); };

function Simulator({ office }: { office: OfficeView }) {
  const words = say.value;
  const [text, setText] = useState(office.policies[0]?.document ?? "");
  const [first, setFirst] = useState(monthsAgo(3));
  const [until, setUntil] = useState(today());
  const [found, setFound] = useState<SimulationView | null>(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const run = (event: SubmitEvent): void => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    void money.simulate({ document: text, first, until }).then(setFound, (error: unknown) => setWrong(told(error))).finally(() => setBusy(false));
  };
  return (
    <div class="simulator">
      <form class="card stack" onSubmit={run}>
        <p class="muted">{words.simulateWhat}</p>
        <label class="field"><span>{words.document}</span><textarea class="mono toml" rows={16} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <div class="row wrap">
          <label class="field"><span>{words.since}</span><input type="date" value={first} onInput={(event) => setFirst(event.currentTarget.value)} /></label>
          <label class="field"><span>{words.until}</span><input type="date" value={until} onInput={(event) => setUntil(event.currentTarget.value)} /></label>
        </div>
        {wrong !== null && <div class="notice notice-error verbatim" role="alert">{wrong}</div>}
        <button class="button primary wide" disabled={busy}>{busy ? words.wait : words.run}</button>
      </form>
      {found !== null && <Simulated found={found} />}
    </div>
  );
}

function Simulated({ found }: { found: SimulationView }) {
  const words = say.value;
  const schools = found.schools.map((row) => (row.name === "" ? { ...row, name: words.noSchool } : row));
  const teachers = [...found.teachers].sort((a, b) => Math.abs(b.draft_fen - b.now_fen) - Math.abs(a.draft_fen - a.now_fen)).slice(0, 20);
  return (
    <section class="card" role="status">
      <dl class="sums"><div><dt>{words.now}</dt><dd class="digits">{amount(found.now_fen)}</dd></div><div><dt>{words.underDraft}</dt><dd class="digits">{amount(found.draft_fen)}</dd></div></dl>
      <p><b>{words.gain(found.gain)}</b>　<b>{words.lose(found.lose)}</b>　{words.same(found.same)}</p>
      <p class={`notice ${found.runs_out === null ? "notice-good" : "notice-warning"}`}>{found.runs_out === null ? words.lasts : words.runsOut(found.runs_out)}</p>
      {found.teachers.length === 0 ? <p class="muted">{words.nothing}</p> : <><Spent rows={found.spent} runsOut={found.runs_out} /><Bars title={words.byMonth} rows={found.months} /><Bars title={words.bySchool} rows={schools} /><Bars title={words.byTeacher} rows={teachers} /></>}
    </section>
  );
}

const WIDE = 600, HIGH = 180;

/** What was spent up to each day, now and under the draft, with the day on which the money runs out. */
function Spent({ rows, runsOut }: { rows: readonly SimulatedRow[]; runsOut: string | null }) {
  const words = say.value;
  const first = Date.parse(rows[0]!.name);
  const last = Math.max(first + 1, Date.parse(rows[rows.length - 1]!.name));
  const most = Math.max(1, ...rows.map((row) => Math.max(row.now_fen, row.draft_fen)));
  const x = (day: string): number => ((Date.parse(day) - first) / (last - first)) * WIDE;
  const y = (fen: number): number => HIGH - (fen / most) * (HIGH - 12);
  const path = (of: (row: SimulatedRow) => number): string => rows.map((row, n) => `${n === 0 ? `M0 ${HIGH}V` : `H${x(row.name).toFixed(1)}V`}${y(of(row)).toFixed(1)}`).join("");
  const end = rows[rows.length - 1]!;
  return (
    <figure class="bars">
      <figcaption><b>{words.spent}</b><span class="key key-now">{words.now}</span><span class="key key-draft">{words.underDraft}</span></figcaption>
      <svg class="spent" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" role="img" aria-label={words.spentNow(amount(end.now_fen), amount(end.draft_fen))}>
        <path class="spent-now" d={path((row) => row.now_fen)} /><path class="spent-draft" d={path((row) => row.draft_fen)} />
        {runsOut !== null && runsOut >= rows[0]!.name && <path class="spent-out" d={`M${x(runsOut).toFixed(1)} 0V${HIGH}`} />}
      </svg>
      <p class="spent-days small muted digits"><span>{rows[0]!.name}</span>{runsOut !== null && <span class="spent-when">{words.runsOut(runsOut)}</span>}<span>{end.name}</span></p>
    </figure>
  );
}

/** Two bars for each name, now above the draft; the figures stand beside them, so that no colour is needed to read it. */
function Bars({ title, rows }: { title: string; rows: readonly SimulatedRow[] }) {
  const words = say.value;
  const most = Math.max(1, ...rows.map((row) => Math.max(row.now_fen, row.draft_fen)));
  const share = (fen: number): string => `${Math.max(0.3, (fen * 100) / most)}%`;
  return (
    <figure class="bars">
      <figcaption><b>{title}</b><span class="key key-now">{words.now}</span><span class="key key-draft">{words.underDraft}</span></figcaption>
      {rows.map((row) => (
        <div key={row.name} class="bars-row">
          <span class="bars-name">{row.name}</span>
          <svg class="bars-plot" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-now" x="0" y="1" width={share(row.now_fen)} height="5" /><rect class="bar-draft" x="0" y="8" width={share(row.draft_fen)} height="5" /></svg>
          <span class="digits bars-sum"><span class="muted">{amount(row.now_fen)}</span><span>{amount(row.draft_fen)}</span></span>
          <span class={`digits bars-change ${row.draft_fen < row.now_fen ? "less" : ""}`}>{row.draft_fen > row.now_fen ? "+" : ""}{amount(row.draft_fen - row.now_fen)}</span>
        </div>
      ))}
    </figure>
  );
}

function Appeals({ office, does }: { office: OfficeView; does: Does }) {
  const words = say.value;
  if (office.appeals.length === 0) return <section class="card"><Empty title={words.noAppeals} /></section>;
  return (
    <>
      {office.appeals.map((each) => (
        <section key={each.id} class="card">
          <h2>{each.teacher}</h2>
          <AppealCard appeal={each} />
          {office.may_change && each.reply === null && <Reply send={(words) => void does(async () => { await money.reply(each.id, words); return money.office(); })} />}
        </section>
      ))}
    </>
  );
}

function Reply({ send }: { send: (words: string) => void }) {
  const words = say.value;
  const [text, setText] = useState("");
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); send(text); }}>
      <label class="field"><span>{words.answer}</span><textarea rows={2} maxLength={1000} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
      <button class="button primary" disabled={text.trim() === ""}>{words.send}</button>
    </form>
  );
}
