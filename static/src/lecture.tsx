// The page of lectures: a pupil finds and enrols, a lecturer plans.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { Hall, hallOpens } from "./hall";
import { LecturerDesk, deskOpens } from "./lecturer";
import { lectureSay } from "./lecture-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Notice, Stopped, TopBar, Unreached, linkState } from "./parts";
import type { Me } from "./protocol";
import { say } from "./words";

const isLecturer = (who: Me): boolean => who.roles.includes("lecturer");
const wanted = signal(/^#lecture=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null);

function Page() {
  const words = lectureSay.value;
  const who = me.value;
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class={`page ${who !== null && isLecturer(who) ? "page-lecturer" : "page-hall"}`}>
        {who !== null && !isLecturer(who) && <a class="to-duty" href="/student">‹ {words.back}</a>}
        <h1 class="hall-title">{who !== null && isLecturer(who) ? words.yours : words.title}</h1>
        {linkState.value === "offline" && <Notice kind="warning">{say.value.unreachable}</Notice>}
        <Stopped />
        {unreachable.value ? <Unreached /> : who === null ? null : isLecturer(who) ? <LecturerDesk /> : <Hall />}
      </main>
    </>
  );
}

function ready(who: Me): void {
  if (isLecturer(who)) deskOpens();
  else hallOpens(who.grade, wanted.value);
}

effect(() => void (document.title = `${say.value.name} · ${lectureSay.value.title}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin(["student", "lecturer"], ready);
