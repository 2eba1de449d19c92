// A teacher's month: what it came to, each line with its cause and its sum, and the statements before.
import { useEffect, useState } from "preact/hooks";
import * as money from "./money";
import { amount, because, hundredths, money as say } from "./money-words";
import { Empty, Notice, Skeleton } from "./parts";
import type { AppealView, MoneyLine, StatementView, TeacherMonth } from "./protocol";
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
      </section>
      <section class="card" aria-labelledby="lines-title">
        <h2 id="lines-title">{words.lines}</h2>
        {found.lines.length === 0 ? <Empty title={words.none}>{words.noneMore}</Empty> : <ul class="money-lines">{found.lines.map((line) => <Line key={line.fact} line={line} />)}</ul>}
      </section>
      <Statements month={found} reload={() => load(found.month)} />
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
        <dl class="steps">
          {line.rate !== null && <div><dt>{words.rate}</dt><dd>{line.rate}</dd></div>}
          {line.rate !== null && <div><dt>{words.quantity}</dt><dd class="digits">{hundredths(line.units_x100)}</dd></div>}
          <div><dt>{words.price}</dt><dd class="digits">{amount(line.base_fen)}</dd></div>
          {line.coefficient_x10000 !== 10_000 && <div><dt>{words.coefficient}</dt><dd class="digits">× {(line.coefficient_x10000 / 10_000).toFixed(4)}</dd></div>}
          <div><dt>{words.came}</dt><dd class="digits">{amount(line.fen)}</dd></div>
          <div class="steps-wide"><dt>{words.fact}</dt><dd class="mono">{line.fact}</dd></div>
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
