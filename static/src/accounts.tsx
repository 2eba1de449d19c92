// Teachers' bank accounts: brought in as a file, shown by their endings, and who touched the numbers.
import { useEffect, useState } from "preact/hooks";
import * as money from "./money";
import { money as say } from "./money-words";
import { Empty, Notice, Skeleton } from "./parts";
import type { PayeesImported, PayeesView } from "./protocol";
import { moment, sentence } from "./words";

const CHUNK = 0x8000; // characters that one call takes as arguments

/** A file's bytes in base64. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let n = 0; n < bytes.length; n += CHUNK) text += String.fromCharCode(...bytes.subarray(n, n + CHUNK));
  return btoa(text);
}

export function Accounts({ may }: { may: boolean }) {
  const [found, setFound] = useState<PayeesView | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const load = (): void => void money.payees().then(setFound, (error: unknown) => setWrong(sentence(error)));
  useEffect(load, []);
  return (
    <>
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      {may && <BringIn done={load} />}
      {found === null ? wrong === null && <Skeleton /> : <><Known found={found} /><Touched found={found} /></>}
    </>
  );
}

function BringIn({ done }: { done: () => void }) {
  const words = say.value;
  const [busy, setBusy] = useState(false);
  const [came, setCame] = useState<PayeesImported | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const send = (input: HTMLInputElement): void => {
    const file = input.files?.[0];
    if (file === undefined) return;
    setBusy(true);
    setCame(null);
    setWrong(null);
    void new Response(file).arrayBuffer().then((data) => money.bringPayees(base64(new Uint8Array(data)))).then((next) => { setCame(next); done(); }, (error: unknown) => setWrong(sentence(error))).finally(() => { setBusy(false); input.value = ""; });
  };
  return (
    <section class="card" aria-labelledby="accounts-in">
      <h2 id="accounts-in">{words.accountsIn}</h2>
      <p class="muted">{words.accountsWhat}</p>
      <p class="muted small">{words.accountsFile}</p>
      <label class={`button primary file ${busy ? "busy" : ""}`}>{busy ? words.wait : words.chooseFile}<input type="file" accept=".csv,.xlsx,text/csv" disabled={busy} onChange={(event) => send(event.currentTarget)} /></label>
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      {came !== null && (came.mistakes.length === 0 ? <p class="notice notice-good" role="status">{words.brought(came.accounts)}</p> : <Notice kind="error"><b>{words.notBrought(came.mistakes.length)}</b><ul>{came.mistakes.map((each) => <li key={each}>{each}</li>)}</ul></Notice>)}
    </section>
  );
}

function Known({ found }: { found: PayeesView }) {
  const words = say.value;
  return (
    <section class="card" aria-labelledby="accounts-known">
      <h2 id="accounts-known">{words.account}</h2>
      {found.missing.length > 0 && <details><summary class="notice notice-warning">{words.without(found.missing.length)}</summary><p>{found.missing.join("、")}</p></details>}
      {found.payees.length === 0 ? <Empty title={words.noAccounts} /> : (
        <div class="scroll"><table class="roll">
          <thead><tr><th scope="col">{words.teacher}</th><th scope="col">{words.bank}</th><th scope="col">{words.number}</th></tr></thead>
          <tbody>{found.payees.map((each) => <tr key={each.login}><td class="name">{each.teacher} <span class="muted small">{each.login}</span></td><td>{each.bank}</td><td class="digits">{each.account}</td></tr>)}</tbody>
        </table></div>
      )}
    </section>
  );
}

function Touched({ found }: { found: PayeesView }) {
  const words = say.value;
  if (found.notes.length === 0) return null;
  return (
    <section class="card" aria-labelledby="accounts-notes">
      <h2 id="accounts-notes">{words.reads}</h2>
      <div class="scroll"><table class="roll">
        <thead><tr><th scope="col">{words.when}</th><th scope="col">{words.who}</th><th scope="col">{words.act}</th><th scope="col">{words.purpose}</th></tr></thead>
        <tbody>{found.notes.map((each, n) => <tr key={n}><td class="digits">{moment(each.at)}</td><td>{each.who ?? words.commandLine}</td><td>{words.accountActs[each.act]} {words.accountsCount(each.accounts)}</td><td class="name">{words.noted(each.why)}</td></tr>)}</tbody>
      </table></div>
    </section>
  );
}
