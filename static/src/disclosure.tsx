// What the public may see of the subsidies: totals of closed months by school, small groups kept back.
import "./style.css";
import { render } from "preact";
import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as money from "./money";
import { amount, money as words } from "./money-words";
import { Empty, LanguageButton, Notice, Seal, Skeleton } from "./parts";
import type { PublicRow, PublicView } from "./protocol";
import { choose, language, say, sentence } from "./words";

function Page() {
  const said = words.value;
  const [found, setFound] = useState<PublicView | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => void money.published().then(setFound, (error: unknown) => setWrong(sentence(error))), []);
  const months = [...new Set(found?.rows.map(({ month }) => month) ?? [])];
  return (
    <>
      <header class="bar"><Seal /><span class="brand">{say.value.name}</span><span class="bar-gap" /><LanguageButton /><a class="bar-button bar-word bar-link" href="/">{say.value.signIn}</a></header>
      <main class="page page-office">
        <h1>{said.disclosure}</h1>
        {wrong !== null && <Notice kind="error">{wrong}</Notice>}
        {found === null ? wrong === null && <Skeleton /> : (
          <>
            <p class="muted">{said.disclosureWhat(found.k)}</p>
            {months.length === 0 ? <Empty title={said.nothingPublished} /> : months.map((month) => <Month key={month} month={month} rows={found.rows.filter((row) => row.month === month)} />)}
          </>
        )}
      </main>
    </>
  );
}

function Month({ month, rows }: { month: string; rows: readonly PublicRow[] }) {
  const said = words.value;
  return (
    <section class="card">
      <h2 class="digits">{month}</h2>
      <div class="scroll"><table class="roll">
        <thead><tr><th scope="col">{said.school}</th><th scope="col" class="right">{said.people}</th><th scope="col" class="right">{said.amount}</th></tr></thead>
        <tbody>{rows.map((row) => <tr key={row.school}><td class="name">{row.school === "" ? said.noSchool : row.school}</td>{row.fen === null ? <td colSpan={2} class="right muted">{said.keptBack}</td> : <><td class="digits right">{row.teachers}</td><td class="digits right">{amount(row.fen)}</td></>}</tr>)}</tbody>
      </table></div>
    </section>
  );
}

choose(language.value);
effect(() => void (document.title = `${say.value.name} · ${words.value.disclosure}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
