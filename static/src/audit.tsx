// The auditor's look: are the books as they were written, and where did a cent come from and go to.
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as money from "./money";
import { amount, money as say } from "./money-words";
import { Notice, Skeleton } from "./parts";
import { Player } from "./video";
import type { FactView, TraceView, VerifyView } from "./protocol";
import { moment, sentence } from "./words";

export function Audit({ fact }: { fact: Signal<string> }) {
  return <><Verify /><Trace fact={fact} /></>;
}

function Verify() {
  const words = say.value;
  const [found, setFound] = useState<VerifyView | null>(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const run = (): void => {
    setBusy(true);
    void money.verify().then(setFound, (error: unknown) => setWrong(sentence(error))).finally(() => setBusy(false));
  };
  return (
    <section class="card" aria-labelledby="verify-title">
      <div class="month-head"><h2 id="verify-title">{words.books}</h2><button class="button primary" disabled={busy} onClick={run}>{busy ? words.verifying : words.verify}</button></div>
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      {found !== null && (
        <div class="stack" role="status">
          {found.wrong.length === 0
            ? <p class="notice notice-good"><b>{words.good}</b>　{words.goodMore(found.transactions, found.sealed, found.recomputed)}</p>
            : <Notice kind="error"><b>{words.bad(found.wrong.length)}</b><ul>{found.wrong.map((each) => <li key={each} class="mono">{each}</li>)}</ul></Notice>}
          <p class="muted small">{words.head}<br /><span class="mono">{found.head}</span></p>
        </div>
      )}
    </section>
  );
}

function Trace({ fact }: { fact: Signal<string> }) {
  const words = say.value;
  const [found, setFound] = useState<TraceView | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const look = (id: string): void => {
    setBusy(true);
    setWrong(null);
    setFound(null);
    void money.trace(id).then(setFound, (error: unknown) => setWrong(error instanceof Error && "status" in error && error.status === 404 ? words.notFound : sentence(error))).finally(() => setBusy(false));
  };
  useEffect(() => {
    if (fact.value !== "") look(fact.value);
  }, [fact.value]);
  return (
    <section class="card" aria-labelledby="trace-title">
      <h2 id="trace-title">{words.trace}</h2>
      <form class="trace-form" onSubmit={(event) => { event.preventDefault(); look(fact.value); }}>
        <label class="field grow"><span class="visually-hidden">{words.fact}</span><input value={fact.value} placeholder={words.traceHint} spellcheck={false} onInput={(event) => (fact.value = event.currentTarget.value.trim())} /></label>
        <button class="button primary" disabled={busy || fact.value === ""}>{words.find}</button>
      </form>
      {busy && <Skeleton />}
      {wrong !== null && <Notice kind="warning">{wrong}</Notice>}
      {found !== null && <Traced found={found} />}
    </section>
  );
}

function Traced({ found }: { found: TraceView }) {
  const words = say.value;
  return (
    <ol class="chain">
      <li><Fact fact={found.fact} teacher={found.teacher} />{found.answer?.video_url && <Player answer={found.answer} />}</li>
      {found.notes.map((note) => <li key={note.id}><Fact fact={note} /></li>)}
      {found.postings.map((posting) => (
        <li key={posting.id}>
          <h3>{words.posted[posting.kind] ?? words.postings}　<span class="tag">{words.seal(posting.seal)}</span></h3>
          <p class="muted small">{moment(posting.posted_at)}　{posting.month}　<span class="mono">{posting.key}</span></p>
          <table class="ledger"><tbody>{posting.entries.map((entry) => <tr key={entry.account}><th scope="row">{words.accounts[entry.account.split(":")[0]!]}<span class="mono muted">{entry.account}</span></th><td class="digits">{amount(entry.fen)}</td></tr>)}</tbody></table>
        </li>
      ))}
      {found.statements.map((each) => (
        <li key={each.id}><h3>{words.onStatement}</h3><p><b class="digits">{each.month}</b>　{each.teacher}　<span class="digits">{amount(each.fen)}</span>　<span class={`tag tag-${each.payout ?? "none"}`}>{each.payout === null ? words.notYet : words.payout[each.payout]}</span></p><a class="button small" href={money.pdfOf(each.id)} download>{words.pdf}</a></li>
      ))}
    </ol>
  );
}

function Fact({ fact, teacher = "" }: { fact: FactView; teacher?: string }) {
  const words = say.value;
  return (
    <>
      <h3>{words.work[fact.kind] ?? words.notes}{teacher && `　${teacher}`}</h3>
      <p class="muted small">{words.recorded} {moment(fact.recorded_at)}　{words.source[fact.source]}　<span class="mono">{fact.id}</span></p>
      <details><summary>{words.raw}</summary><pre tabIndex={0} class="record">{JSON.stringify(fact.body, null, 2)}</pre></details>
    </>
  );
}
