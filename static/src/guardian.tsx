// The guardian's page: what one agrees to for one's own children.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { Agreed, Wordings } from "./agreed";
import * as api from "./api";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { Children } from "./protocol";
import { studio } from "./studio-words";
import { say, sentence } from "./words";

const known = signal<Children | null>(null);
const wrong = signal<string | null>(null);

async function load(): Promise<void> {
  try {
    known.value = await api.children();
    wrong.value = null;
  } catch (error) {
    wrong.value = sentence(error);
  }
}

function Page() {
  const words = studio.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class="page page-school">
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.myChildren}</h1>
            <p class="muted">{words.myChildrenMore}</p>
            <Wordings />
            {wrong.value && <><Notice kind="error">{wrong.value}</Notice><button class="button" onClick={() => void load()}>{words.tryAgain}</button></>}
            {known.value === null ? !wrong.value && <Skeleton /> : <Mine {...known.value} />}
          </>
        )}
      </main>
    </>
  );
}

function Mine({ children, wording }: Children) {
  const words = studio.value;
  if (children.length === 0) return <Empty title={words.noChildren}>{words.noChildrenMore}</Empty>;
  return (
    <ul class="pupils">
      {children.map((child) => (
        <Agreed key={child.id} pupil={child} put={async (purpose, given) => {
          await api.sayOwn(child.id, { purpose, given, wording });
          await load();
        }}>
          <p class="muted small">{words.heardIn(child.heard_in)}</p>
        </Agreed>
      ))}
    </ul>
  );
}

effect(() => void (document.title = `${say.value.name} · ${studio.value.myChildren}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("guardian", () => void load());
