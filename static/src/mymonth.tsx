// A teacher's month: what it came to, each line with its cause and its sum, and the statements before.
import { useEffect, useState } from "preact/hooks";
import * as money from "./money";
import { amount, because, hundredths, money as say } from "./money-words";
import { Empty, Notice, Skeleton } from "./parts";
import type { AppealView, AppraisalView, FigureView, MoneyLine, StatementView, TeacherMonth, TermView } from "./protocol";
import { moment, sentence } from "./words";

const nextTo = (month: string, by: number): string => {
  const [year, number] = month.split("-").map(Number) as [number, number];
  const at = year * 12 + number - 1 + by;
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
};

export function MyMonth() {
  const words = say.value;
  const [found, setFound] = useState<TeacherMonth | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const load = (name: string | null): void => void money.mine(name).then((next) => { setFound(next); setWrong(null); }, (error: unknown) => setWrong(sentence(error)));
  useEffect(() => load(null), []);
  if (wrong !== null) return <Notice kind="error">{wrong}</Notice>;
  if (found === null) return <Skeleton />;
  return (
    <>
      <section class="card" aria-labelledby="month-title">
        <div class="month-head">
          <button class="button small" aria-label={words.before} onClick={() => load(nextTo(found.month, -1))}>‹</button>
          <h1 id="month-title" class="digits">{found.month}</h1>
          <button class="button small" aria-label={words.after} onClick={() => load(nextTo(found.month, 1))}>›</button>
        </div>
        <dl class="sums">
          <div><dt>{words.thisMonth}</dt><dd class="digits">{amount(found.fen)}</dd></div>
          {found.held_fen > 0 && <div class="sum-held"><dt>{words.held}</dt><dd class="digits">{amount(found.held_fen)}</dd></div>}
          {found.points_balance_x100 > 0 && <div><dt>{words.points}</dt><dd class="digits">{hundredths(found.points_balance_x100)}</dd></div>}
          {found.bonus_x100 > 0 && <div><dt>{words.bonus}</dt><dd class="digits">{hundredths(found.bonus_x100)}</dd></div>}
        </dl>
        <p class="muted small">{found.policy === null ? words.noPolicy : words.under(found.policy)}</p>
        <p class="muted small">{found.account === null ? words.noAccount : <>{words.account}：<span class="digits">{found.account}</span></>}</p>
      </section>
      <section class="card" aria-labelledby="lines-title">
        <h2 id="lines-title">{words.lines}</h2>
        {found.lines.length === 0 ? <Empty title={words.none}>{words.noneMore}</Empty> : <ul class="money-lines">{found.lines.map((line) => <Line key={line.fact} line={line} />)}</ul>}
      </section>
      <Statements month={found} reload={() => load(found.month)} />
      <Appraisal />
    </>
  );
}

export function Line({ line }: { line: MoneyLine }) {
  const words = say.value;
  const shown = line.status === "held" ? line.held_fen : line.fen;
  return (
    <li>
      <details>
        <summary>
          <span class="grow">
            <b>{words.work[line.work] ?? line.work}</b>
            {line.status !== "paid" && <span class={`tag tag-${line.status}`}>{words.status[line.status]}</span>}
            <span class="muted small line-when">{moment(line.at)}{line.summary && `　${line.summary}`}</span>
            {line.why.length > 0 && <span class="small line-why">{line.why.map(because).join("；")}</span>}
          </span>
          <span class={`digits line-sum line-${line.status}`}>{line.points_x100 > 0 ? `${hundredths(line.points_x100)} ${words.points}` : amount(shown)}</span>
        </summary>
        <dl class="reckoned">
          {line.rate !== null && <div><dt>{words.rate}</dt><dd>{words.rateNamed(line.rate)}</dd></div>}
          {line.rate !== null && <div><dt>{words.quantity}</dt><dd class="digits">{hundredths(line.units_x100)}</dd></div>}
          <div><dt>{words.price}</dt><dd class="digits">{amount(line.base_fen)}</dd></div>
          {line.coefficient_x10000 !== 10_000 && <div><dt>{words.coefficient}</dt><dd class="digits">× {(line.coefficient_x10000 / 10_000).toFixed(4)}</dd></div>}
          <div><dt>{words.came}</dt><dd class="digits">{amount(line.fen)}</dd></div>
          <div class="reckoned-wide"><dt>{words.fact}</dt><dd class="mono">{line.fact}</dd></div>
        </dl>
      </details>
    </li>
  );
}

function Statements({ month, reload }: { month: TeacherMonth; reload: () => void }) {
  const words = say.value;
  const [about, setAbout] = useState<StatementView | null>(null);
  const newest = month.statements[0] ?? null;
  return (
    <section class="card" aria-labelledby="statements-title">
      <h2 id="statements-title">{words.statements}</h2>
      {month.appeal_until !== null && newest !== null && <p class="muted small">{words.appealUntil(moment(month.appeal_until))}</p>}
      {month.statements.length === 0 ? <Empty title={words.noStatements} /> : (
        <ul class="money-lines">
          {month.statements.map((each) => (
            <li key={each.id} class="statement">
              <b class="digits">{each.month}</b>
              <span class="grow"><span class={`tag tag-${each.payout ?? "none"}`}>{each.payout === null ? words.notYet : words.payout[each.payout]}</span></span>
              <span class="digits line-sum">{amount(each.fen)}</span>
              <a class="button small" href={money.pdfOf(each.id)} download aria-label={`${words.pdf} ${each.month}`}>{words.pdf}</a>
              {month.appeal_until !== null && each === newest && <button class="button small" onClick={() => setAbout(each)}>{words.appeal}</button>}
            </li>
          ))}
        </ul>
      )}
      {about !== null && <Appeal about={about} done={() => { setAbout(null); reload(); }} />}
      {month.appeals.map((each) => <AppealCard key={each.id} appeal={each} />)}
    </section>
  );
}

function Appeal({ about, done }: { about: StatementView; done: () => void }) {
  const words = say.value;
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    void money.appeal(about.id, text).then(done, (error: unknown) => setWrong(sentence(error)));
  };
  return (
    <form class="stack" onSubmit={send}>
      <label class="field"><span>{words.appealOf(about.month)}</span><textarea rows={3} maxLength={1000} placeholder={words.appealHint} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      <div class="row"><button class="button primary" disabled={text.trim() === ""}>{words.send}</button><button class="button" type="button" onClick={done}>{words.cancel}</button></div>
    </form>
  );
}

export function AppealCard({ appeal }: { appeal: AppealView }) {
  const words = say.value;
  return (
    <div class="appeal">
      <p><b class="digits">{appeal.month}</b>　{appeal.words}</p>
      <p class={appeal.reply === null ? "muted small" : ""}>{appeal.reply === null ? words.noReply : `${words.reply}：${appeal.reply}`}</p>
    </div>
  );
}

function Appraisal() {
  const words = say.value;
  const [found, setFound] = useState<AppraisalView | null>(null);
  const [text, setText] = useState("");
  const [said, setSaid] = useState<string | null>(null);
  const load = (days?: TermView): void => void money.appraisal(days).then((next) => { setFound(next); setText(next.comment); setSaid(null); }, (error: unknown) => setSaid(sentence(error)));
  useEffect(() => load(), []);
  if (found === null) return said === null ? <Skeleton /> : <Notice kind="error">{said}</Notice>;
  const plain = (value: number): string => value.toFixed(0);
  const share = (value: number): string => `${(value * 100).toFixed(0)}%`;
  const stars = (value: number): string => value.toFixed(2);
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    void money.comment({ first: found.first, until: found.until, words: text }).then(() => setSaid(words.saved), (error: unknown) => setSaid(sentence(error)));
  };
  return (
    <section class="card" aria-labelledby="appraisal-title">
      <div class="month-head"><h2 id="appraisal-title">{words.appraisal}</h2><a class="button small" href={money.appraisalPdf(found)} download>{words.pdf}</a></div>
      {found.terms.length > 0 && (
        <label class="field term"><span>{words.term}</span>
          <select value={`${found.first} ${found.until}`} onChange={(event) => load(found.terms[event.currentTarget.selectedIndex])}>
            {found.terms.map((term) => <option key={term.first} value={`${term.first} ${term.until}`}>{term.name}</option>)}
          </select>
        </label>
      )}
      <p class="muted small">{words.period(found.first, found.until)}</p>
      <dl class="figures">
        <Figured name={words.figures.works} figure={found.works} form={plain} />
        <Figured name={words.figures.minutes} figure={found.minutes} form={plain} />
        <Figured name={words.figures.resolved} figure={found.resolved} form={share} />
        <Figured name={words.figures.rating} figure={found.rating} form={stars} />
      </dl>
      <form class="stack" onSubmit={save}>
        <label class="field"><span>{words.own}</span><textarea rows={3} maxLength={2000} value={text} onInput={(event) => { setText(event.currentTarget.value); setSaid(null); }} /></label>
        <div class="row"><button class="button" disabled={text.trim() === ""}>{words.save}</button>{said !== null && <span role="status">{said}</span>}</div>
      </form>
    </section>
  );
}

function Figured({ name, figure, form }: { name: string; figure: FigureView | null; form: (value: number) => string }) {
  const words = say.value;
  const value = figure?.value ?? null;
  return (
    <div>
      <dt>{name}</dt>
      <dd class="digits">{value === null ? <span class="muted">{words.unknown}</span> : form(value)}</dd>
      {figure !== null && value !== null && (
        <dd class="muted small">
          {figure.low !== null && figure.high !== null && <>{words.interval(form(figure.low), form(figure.high))}<br /></>}
          {figure.peers.length === 0 ? words.fewPeers : words.peers(figure.peers.map(form).join(" · "))}
        </dd>
      )}
      {figure !== null && figure.facts.length > 0 && <dd class="small"><details><summary>{words.behind(figure.facts.length)}</summary><ul class="behind mono">{figure.facts.map((fact) => <li key={fact}>{fact}</li>)}</ul></details></dd>}
    </div>
  );
}
