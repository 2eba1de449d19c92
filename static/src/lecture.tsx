// The page of lectures: a pupil finds, enrols and listens, a lecturer plans and teaches, a reviewer keeps order.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { Classroom } from "./classroom";
import { Hall, hallOpens } from "./hall";
import { Rerun } from "./rerun";
import { LecturerDesk, deskOpens } from "./lecturer";
import { lectureSay } from "./lecture-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Notice, Stopped, TopBar, Unreached, linkState } from "./parts";
import type { Me } from "./protocol";
import { Watch, watchOpens } from "./watch";
import { say } from "./words";

const isLecturer = (who: Me): boolean => who.roles.includes("lecturer");
const isPupil = (who: Me): boolean => who.roles.includes("student");
const inAddress = (what: string): string | null => new RegExp(`^#${what}=([0-9a-f-]{36})$`).exec(location.hash)?.[1] ?? null;
const room = signal(inAddress("room"));
const again = signal(inAddress("replay"));

function Page() {
  const words = lectureSay.value;
  const who = me.value;
  if (room.value !== null && who !== null) return <Classroom key={room.value} id={room.value} onleave={() => (location.hash = "")} />;
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      <main class={`page ${who !== null && isLecturer(who) ? "page-lecturer" : "page-hall"}`}>
        {again.value === null && who !== null && isPupil(who) && <a class="to-duty" href="/student">‹ {words.back}</a>}
        {again.value === null && <h1 class="hall-title">{who !== null && isLecturer(who) ? words.yours : words.title}</h1>}
        {linkState.value === "offline" && <Notice kind="warning">{say.value.unreachable}</Notice>}
        <Stopped />
        {unreachable.value ? <Unreached /> : who === null ? null : again.value !== null ? <Rerun key={again.value} id={again.value} onleave={() => (location.hash = "")} /> : isLecturer(who) ? <LecturerDesk /> : isPupil(who) ? <Hall /> : <Watch />}
      </main>
    </>
  );
}

function ready(who: Me): void {
  if (isLecturer(who)) deskOpens();
  else if (isPupil(who)) hallOpens(who.grade, inAddress("lecture"));
  else watchOpens();
}

addEventListener("hashchange", () => {
  room.value = inAddress("room");
  again.value = inAddress("replay");
});
effect(() => void (document.title = `${say.value.name} · ${lectureSay.value.title}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin(["student", "lecturer", "reviewer"], ready);
