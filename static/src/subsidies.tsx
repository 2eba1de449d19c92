// The page of the money: a teacher's month, the finance office, the auditor's look.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { Audit } from "./audit";
import { FinanceOffice } from "./office";
import { MyMonth } from "./mymonth";
import { money } from "./money-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, TopBar, Unreached } from "./parts";
import { say } from "./words";

const fact = signal(new URLSearchParams(location.search).get("fact") ?? "");

function Page() {
  const words = money.value;
  const who = me.value;
  const roles = who?.roles ?? [];
  const sees = roles.includes("finance") || roles.includes("auditor");
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class={`page ${sees ? "page-office" : ""}`}>
        {roles.includes("teacher") && <a class="to-duty" href="/teacher">‹ {words.back}</a>}
        {unreachable.value ? <Unreached /> : who === null ? null : sees ? <FinanceOffice fact={fact} audit={<Audit fact={fact} />} /> : <MyMonth />}
      </main>
    </>
  );
}

effect(() => void (document.title = `${say.value.name} · ${money.value.title}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin(["teacher", "finance", "auditor"], () => undefined);
