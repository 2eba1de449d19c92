// The teacher's page: duty, the one offer, the session, and what it earned.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { Editing } from "./edit";
import { calm, ring } from "./notify";
import { Judging } from "./judge";
import { OfferCard } from "./offer";
import { begin, leave, me, theLink, unreachable } from "./page";
import { DemoBanner, Empty, Icon, Notice, Skeleton, Stopped, TopBar, Unreached, linkState } from "./parts";
import type { AnswerView, DutyView, EarningView, EarningsView, GoOnDuty, Me } from "./protocol";
import { LiveSession } from "./session";
import { Recordings, Studio } from "./studio";
import { teacherHears, type TeacherKnows } from "./state";
import { Video } from "./video";
import { clock, moment, say, sentence, yuan } from "./words";

const knows = signal<TeacherKnows>({ duty: null, earnings: null });
const done = signal<readonly AnswerView[]>(JSON.parse(sessionStorage.getItem("done") ?? "[]") as AnswerView[]);
const said = signal<string | null>(null); // the last thing that happened, in words
const DONE_SHOWN = 3;
const LOOK_AGAIN_MS = 3_000;

function take(next: TeacherKnows): void {
  const before = knows.value.duty?.offer ?? null;
  knows.value = next;
  const offer = next.duty?.offer ?? null;
  if (offer !== null && offer.id !== before?.id) {
    said.value = null;
    ring("offer", `【${say.value.offer}】`);
  }
  if (before !== null && offer === null) {
    calm();
    if (next.duty?.session_id == null && theLink().now() >= Date.parse(before.expires_at) - 500) said.value = say.value.lapsed;
  }
}

function takeDuty(duty: DutyView): void {
  take(teacherHears(knows.value, { type: "duty", duty }));
}

function ready(who: Me): void {
  theLink().watch(who.channel, {
    async load() {
      const fresh = await api.teacher();
      take({ ...teacherHears(knows.value, { type: "duty", duty: fresh.duty }), earnings: fresh.earnings });
      return { epoch: fresh.epoch, offset: fresh.offset };
    },
    event: (event) => take(teacherHears(knows.value, event)),
  });
}

function finished(answer: AnswerView): void {
  remember(answer);
  ring("done", say.value.answered);
}

function remember(answer: AnswerView): void {
  done.value = [answer, ...done.value.filter(({ id }) => id !== answer.id)].slice(0, DONE_SHOWN);
  sessionStorage.setItem("done", JSON.stringify(done.value));
}

function renew(answer: AnswerView): void {
  done.value = done.value.map((known) => (known.id === answer.id ? answer : known));
  sessionStorage.setItem("done", JSON.stringify(done.value));
}

const session = signal<string | null>(null); // stays on the page after its end, to say how it ended
const alone = signal(false); // it is a recording without a pupil
effect(() => {
  const open = knows.value.duty?.session_id ?? null;
  if (open === null) return;
  alone.value = knows.value.duty!.alone;
  session.value = open;
});

function record(id: string): void {
  alone.value = true;
  session.value = id;
}

function Page() {
  const who = me.value;
  if (session.value !== null && who !== null) {
    const id = session.value;
    if (alone.value) return <Studio key={id} id={id} onleave={() => leaveSession(id)} onfinished={(answer) => { finished(answer); leaveSession(id); }} />;
    return <LiveSession key={id} id={id} onleave={() => leaveSession(id)} onfinished={(answer) => { finished(answer); leaveSession(id); }} />;
  }
  return (
    <>
      <TopBar who={who?.nickname ?? ""} onsignout={() => void leave()} />
      <DemoBanner />
      {unreachable.value ? (
        <main class="page"><Unreached /></main>
      ) : (
        <main class="page page-teacher">
          <div class="teacher-main">
            {linkState.value === "offline" && <Notice kind="warning">{say.value.teacherOffline}</Notice>}
            <Stopped />
            {knows.value.duty === null ? <Skeleton /> : <Duty duty={knows.value.duty} />}
          </div>
          <div class="teacher-side">
            <JustDone />
            {who !== null && knows.value.duty !== null && <Recordings who={who} waiting={knows.value.duty.waiting} busy={knows.value.duty.offer !== null} onsession={record} />}
            <Judging calm={knows.value.duty !== null && knows.value.duty.offer === null} />
            <Earnings earnings={knows.value.earnings} />
          </div>
        </main>
      )}
    </>
  );
}

function leaveSession(id: string): void {
  const duty = knows.value.duty;
  if (duty?.session_id === id) knows.value = { ...knows.value, duty: { ...duty, session_id: null } };
  session.value = null;
  void api.teacher().then((fresh) => take({ duty: fresh.duty, earnings: fresh.earnings })).catch(() => undefined);
}

function Duty({ duty }: { duty: DutyView }) {
  const words = say.value;
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const during = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await work().catch((error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  const accept = (id: string): Promise<void> => during(async () => {
    calm();
    session.value = (await api.accept(id)).id;
  });
  const decline = (id: string): Promise<void> => during(async () => {
    takeDuty(await api.decline(id));
    said.value = say.value.declined;
  });
  const go = (presence: GoOnDuty["presence"]): Promise<void> => during(async () => takeDuty(await api.duty({ presence })));
  const breathe = (breath_s: number): Promise<void> => during(async () => takeDuty(await api.breathe({ breath_s })));
  const { offer, presence } = duty;
  const at = presence === "offered" || presence === "answering" ? "ready" : presence;
  const switches = (
    <section class="card duty" aria-label={words.duty}>
      <div class="switch" role="radiogroup" aria-label={words.duty}>
        {(["ready", "away", "off"] as const).map((each) => (
          <button
            key={each} role="radio" aria-checked={at === each} tabIndex={at === each ? 0 : -1} class={`switch-${each}`} disabled={busy}
            onClick={() => void go(each)} onKeyDown={beside}
          >
            {words[each]}
          </button>
        ))}
      </div>
      <p class="duty-queue"><Icon name="people" />{words.waitingNow(duty.waiting)}</p>
      <label class="breath">
        <span>{words.breath}</span>
        <select value={duty.breath_s} disabled={busy} onChange={(event) => void breathe(Number(event.currentTarget.value))}>
          {BREATHS.map((seconds) => <option key={seconds} value={seconds}>{words.breathOf(seconds)}</option>)}
        </select>
      </label>
    </section>
  );
  return (
    <>
      {!offer && <h1 class="visually-hidden">{words.duty}</h1>}
      {!offer && switches}
      {wrong && <Notice kind="error">{wrong}</Notice>}
      {said.value && !offer && <Notice>{said.value}</Notice>}
      {offer ? (
        <OfferCard key={offer.id} offer={offer} busy={busy} onaccept={() => void accept(offer.id)} ondecline={() => void decline(offer.id)} />
      ) : (
        <div class={`card calm calm-${at}`} role="status">
          {at === "ready" && duty.rests_until !== null ? <Resting until={duty.rests_until} onready={() => void breathe(duty.breath_s)} /> : <Empty title={at === "ready" ? words.calm : at === "away" ? words.restTitle : words.startTitle}>
            {at === "ready" ? words.calmMore : at === "away" ? words.awayMore : words.offMore}
          </Empty>}
          {at === "ready" ? <span class="pulse" aria-hidden="true" /> : <button class="button large primary" disabled={busy} onClick={() => void go("ready")}>{at === "away" ? words.comeBack : words.goOnDuty}</button>}
        </div>
      )}
      {offer && switches}
    </>
  );
}

const BREATHS = [0, 30, 60, 120, 300] as const; // as server/domain/session.py says

/** A breath between two questions, as long as the teacher chose or until she is ready. */
function Resting({ until, onready }: { until: string; onready: () => void }) {
  const words = say.value;
  const left = (): number => Date.parse(until) - theLink().now();
  const [ms, setMs] = useState(left());
  useEffect(() => {
    const timer = setInterval(() => setMs(left()), 500);
    return () => clearInterval(timer);
  }, [until]);
  if (ms <= 0) return <Empty title={words.calm}>{words.calmMore}</Empty>;
  return (
    <>
      <Empty title={words.resting(clock(ms + 999))}>{words.restingMore}</Empty>
      <button class="button" onClick={onready}>{words.readyNow}</button>
    </>
  );
}

/** Arrow keys move among the three; only Enter or a space chooses, so that passing over "off" ends nobody's evening. */
function beside(event: KeyboardEvent): void {
  const step = ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 } as Record<string, number>)[event.key];
  const here = event.currentTarget as HTMLElement;
  if (step === undefined || here.parentElement === null) return;
  event.preventDefault();
  const all = [...here.parentElement.querySelectorAll("button")];
  all[(all.indexOf(here as HTMLButtonElement) + step + all.length) % all.length]?.focus();
}

function JustDone() {
  const words = say.value;
  const pending = done.value.filter(({ state, remaking }) => state === "rendering" || remaking).map(({ id }) => id).join();
  useEffect(() => {
    if (pending === "") return;
    const timer = setInterval(() => {
      for (const id of pending.split(",")) void api.answer(id).then(renew, () => undefined);
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [pending]);
  useEffect(() => {
    for (const { id } of done.value) void api.answer(id).then(renew, () => undefined); // kept addresses may have run out
  }, []);
  if (done.value.length === 0) return null;
  const states = { rendering: words.videoRendering, published: words.videoPublished, failed: words.videoFailed, withdrawn: words.videoWithdrawn };
  return (
    <section class="card" aria-labelledby="done-title">
      <h2 id="done-title">{words.justDone}</h2>
      <ul class="done">
        {done.value.map((answer, n) => (
          <li key={answer.id}>
            <p class="done-text">{answer.problem_text || words.subjects[answer.subject]}</p>
            <span class={`state state-${answer.state}`} role="status">{answer.state === "rendering" && <span class="spinner" aria-hidden="true" />}{states[answer.state]}</span>
            {n === 0 && answer.state !== "withdrawn" && <Video key={`${answer.id} ${answer.remaking}`} answer={answer} />}
            <Editing answer={answer} onchange={renew} onsession={record} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const LINES_SHOWN = 8;

function Earnings({ earnings }: { earnings: EarningsView | null }) {
  const words = say.value;
  const [all, setAll] = useState(false);
  return (
    <section class="card" aria-labelledby="earnings-title">
      <div class="month-head"><h2 id="earnings-title">{words.earnings}</h2><a class="button small" href="/subsidies">{words.earningsMore}</a></div>
      {earnings === null ? <Skeleton /> : (
        <>
          <dl class="sums">
            <div><dt>{words.thisMonth}</dt><dd class="digits">{yuan(earnings.month_fen)}</dd></div>
            <div><dt>{words.total}</dt><dd class="digits">{yuan(earnings.total_fen)}</dd></div>
          </dl>
          {earnings.lines.length === 0 ? <Empty title={words.noEarnings}>{words.noEarningsMore}</Empty> : (
            <ul class="earned">{earnings.lines.slice(0, all ? undefined : LINES_SHOWN).map((line) => <Earned key={line.id} line={line} />)}</ul>
          )}
          {!all && earnings.lines.length > LINES_SHOWN && <button class="button wide" onClick={() => setAll(true)}>{words.allLines(earnings.lines.length)}</button>}
        </>
      )}
    </section>
  );
}

function Earned({ line }: { line: EarningView }) {
  const words = say.value;
  const cause = line.subject === null ? "" : ` · ${words.subjects[line.subject]}`;
  return (
    <li>
      <div>
        <p class="earned-cause">{words.work[line.work] ?? line.work}{cause}</p>
        <p class="muted small">{moment(line.done_at)}　{line.summary}</p>
      </div>
      <span class="digits earned-sum">{yuan(line.amount_fen)}</span>
    </li>
  );
}

effect(() => void (document.title = `${say.value.name} · ${say.value.duty}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("teacher", ready);
