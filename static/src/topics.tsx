// The research staff's page of topics, knowledge points and labels.
import "./style.css";
import { render } from "preact";
import { effect } from "@preact/signals";
import { useState } from "preact/hooks";
import { Models, Saying } from "./labels";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Skeleton, TopBar, Unreached } from "./parts";
import { bank } from "./bank-words";
import { research } from "./research-words";
import { Taxonomy } from "./taxonomy";
import { Topics } from "./topic";
import { say } from "./words";

type Tab = keyof typeof research.value.tabs;

function Page() {
  const words = research.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class="page page-research">
        {unreachable.value ? <Unreached /> : (
          <>
            <div class="office-head"><h1>{words.title}</h1><span><a class="to-public" href="/bank">{bank.value.title} ›</a>　<a class="to-public" href="/monday">{words.monday} ›</a></span></div>
            {me.value === null ? <Skeleton /> : <Tabs />}
          </>
        )}
      </main>
    </>
  );
}

function Tabs() {
  const words = research.value;
  const [tab, setTab] = useState<Tab>("topics");
  return (
    <>
      <nav class="tabs" aria-label={words.title}>
        {(Object.keys(words.tabs) as Tab[]).map((each) => <button key={each} aria-current={tab === each ? "page" : undefined} onClick={() => setTab(each)}>{words.tabs[each]}</button>)}
      </nav>
      {tab === "topics" ? <Topics /> : tab === "saying" ? <Saying /> : tab === "taxonomy" ? <Taxonomy /> : <Models />}
    </>
  );
}

effect(() => void (document.title = `${say.value.name} · ${research.value.title}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("researcher", () => undefined);
