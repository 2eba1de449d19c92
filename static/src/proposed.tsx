// On a topic's card: propose to teach it, what was proposed, and what came of it.
import { useRef, useState } from "preact/hooks";
import { Effect } from "./effect";
import { newId } from "./ids";
import { GRADES } from "./lectures";
import { Dialog, Notice, Skeleton } from "./parts";
import { proposalSay } from "./proposal-words";
import * as doors from "./proposals";
import type { Form, ProposalView, ProposeTeaching, Stage, TopicTeaching, TopicView } from "./protocol";
import { useFound } from "./scopes";
import { moment, say, sentence } from "./words";

const LENGTHS = [30, 45, 60, 90, 120];

export function Teaching({ topic, stage, title }: { topic: TopicView; stage: Stage; title: string }) {
  const words = proposalSay.value;
  const [proposing, setProposing] = useState(false);
  const [open, setOpen] = useState(false);
  const [known, setKnown] = useState<TopicTeaching | null>(null);
  const count = known?.proposals.length ?? topic.proposals;
  return (
    <div class="teaching">
      {count > 0 && (
        <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>{words.teaching(count)}</summary>
          {open && <Proposals key={count} topic={topic.number} known={known} onknow={setKnown} />}
        </details>
      )}
      <button class="button small" onClick={() => setProposing(true)}>{words.propose}</button>
      {proposing && <Proposing topic={topic} stage={stage} title={title} onclose={() => setProposing(false)} ondone={(found) => { setKnown(found); setProposing(false); setOpen(true); }} />}
    </div>
  );
}

function Proposals({ topic, known, onknow }: { topic: number; known: TopicTeaching | null; onknow: (found: TopicTeaching) => void }) {
  const { found, wrong, again } = useFound(() => (known !== null ? Promise.resolve(known) : doors.teaching(topic)), topic);
  const [withdrawing, setWithdrawing] = useState<ProposalView | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const words = proposalSay.value;
  const withdraw = (id: string): void => void doors.withdraw(id).then(() => doors.teaching(topic)).then((fresh) => { onknow(fresh); setWithdrawing(null); again(); }, (error: unknown) => setNo(sentence(error)));
  const shown = known ?? found;
  return (
    <>
      {wrong}
      {shown === null ? wrong === null && <Skeleton /> : shown.proposals.length === 0 ? <p class="muted">{words.none}</p> : (
        <ul class="plain proposals">{shown.proposals.map((each) => <li key={each.proposal_id}><One of={each} onwithdraw={() => { setNo(null); setWithdrawing(each); }} /></li>)}</ul>
      )}
      {withdrawing !== null && (
        <Dialog title={words.sureWithdraw} onclose={() => setWithdrawing(null)} actions={
          <>
            <button class="button" onClick={() => setWithdrawing(null)}>{words.keep}</button>
            <button class="button danger" onClick={() => withdraw(withdrawing.proposal_id)}>{words.withdraw}</button>
          </>
        }>
          <p>{words.sureWithdrawMore}</p>
          {no !== null && <Notice kind="error">{no}</Notice>}
        </Dialog>
      )}
    </>
  );
}

function One({ of: each, onwithdraw }: { of: ProposalView; onwithdraw: () => void }) {
  const words = proposalSay.value;
  const { taught } = each;
  const mayWithdraw = (each.state === "open" || each.state === "taken") && !doors.stands(each);
  return (
    <article aria-label={each.title}>
      <h3>{each.title} <span class="tag">{words.forms[each.form]}</span> <span class={`state state-${taught?.state ?? each.state}`}>{taught != null ? words.taught[taught.state] : words.states[each.state]}</span></h3>
      <p class="muted small">{words.proposedBy(each.proposed_by, each.proposed_at)} · {each.taken_by !== null ? words.takenBy(each.taken_by) : each.wanted !== null ? words.wantedOf(each.wanted) : words.openToAll}{each.state === "open" && ` · ${words.until(each.expires_at)}`}</p>
      {each.plan != null && taught == null && <p class="small">{words.planned(each.plan.starts_at)}</p>}
      {each.wanted_gone && each.state === "open" && each.wanted !== null && <Notice kind="warning">{words.wantedGone(each.wanted)}</Notice>}
      {each.why !== null && <p class="small">{words.whyNot(each.why)}</p>}
      {each.note !== "" && <p class="asked-text small">{each.note}</p>}
      {taught?.at != null && <p class="small">{taught.title} · {moment(taught.at)}</p>}
      {each.invited != null && <p class="small">{words.invitedOf(each.invited)}{each.invited > 0 && <span class="muted">（{words.invitedMore}）</span>}</p>}
      {each.effect != null && <Effect effect={each.effect} label={each.title} />}
      {mayWithdraw && <button class="button quiet small" onClick={onwithdraw}>{words.withdraw}</button>}
    </article>
  );
}

interface Draft {
  form: Form;
  title: string;
  grades: readonly number[];
  points: string;
  note: string;
  wanted: string;
  planned: boolean;
  day: string;
  time: string;
  minutes: number;
  capacity: string;
  some: boolean;
  schools: readonly string[];
}

const pointsOf = (text: string): string[] => text.split(/[,，、;；]/).map((point) => point.trim()).filter((point) => point !== "");

function bodyOf(draft: Draft): ProposeTeaching {
  const start = new Date(`${draft.day}T${draft.time}`);
  const plan = draft.planned ? { starts_at: start.toISOString(), ends_at: new Date(start.getTime() + draft.minutes * 60_000).toISOString(), capacity: Math.floor(Number(draft.capacity)) || 0, about: "", schools: draft.some ? [...draft.schools] : [] } : null;
  return { form: draft.form, title: draft.title, grades: [...draft.grades], knowledge_points: pointsOf(draft.points), note: draft.note, wanted_id: draft.wanted === "" ? null : draft.wanted, plan };
}

function Proposing({ topic, stage, title, onclose, ondone }: { topic: TopicView; stage: Stage; title: string; onclose: () => void; ondone: (found: TopicTeaching) => void }) {
  const words = proposalSay.value;
  const { found, wrong } = useFound(() => doors.teaching(topic.number), topic.number);
  const [draft, setDraft] = useState<Draft>({ form: "lecture", title: title.slice(0, 60), grades: GRADES[stage], points: "", note: "", wanted: "", planned: false, day: "", time: "19:00", minutes: 60, capacity: "800", some: false, schools: [] });
  const [touched, setTouched] = useState(false);
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const key = useRef(newId());
  const set = (change: Partial<Draft>): void => { setTouched(true); setDraft({ ...draft, ...change }); };
  const points = touched || draft.points !== "" ? draft.points : (found?.knowledge_points.slice(0, 3).join("，") ?? "");
  const now = { ...draft, points };
  const people = (draft.form === "lecture" ? found?.lecturers : found?.teachers) ?? [];
  const mayPlan = draft.form === "lecture" && draft.wanted !== "";
  const missing = now.title.trim() === "" ? words.needTitle : now.grades.length === 0 ? words.needGrade : now.form === "lesson" && pointsOf(points).length === 0 ? words.needPoint : mayPlan && now.planned && now.day === "" ? words.needDate : mayPlan && now.planned && now.some && now.schools.length === 0 ? words.needSchool : null;
  const send = async (): Promise<void> => {
    if (missing !== null) return setNo(missing);
    setBusy(true);
    setNo(null);
    await doors.propose(topic.number, bodyOf({ ...now, planned: mayPlan && now.planned }), key.current).then(ondone, (error: unknown) => {
      setNo(sentence(error));
      key.current = newId(); // what is sent next is another proposal
    });
    setBusy(false);
  };
  return (
    <Dialog title={words.propose} wide onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{say.value.no}</button>
        <button class="button primary" disabled={busy} onClick={() => void send()}>{busy ? words.sending : words.send}</button>
      </>
    }>
      <div class="stack">
        <p class="muted small">{words.proposeMore}</p>
        {wrong}
        <fieldset class="chips"><legend>{words.form}</legend>
          <div class="plan-row">{(["lecture", "lesson"] as const).map((form) => <label key={form} class="chip"><input type="radio" name="form" checked={draft.form === form} onChange={() => set({ form, wanted: "", planned: false, points })} /><span>{words.forms[form]}</span></label>)}</div>
        </fieldset>
        <label class="field"><span>{words.title}</span><input value={draft.title} maxLength={60} onInput={({ currentTarget }) => set({ title: currentTarget.value, points })} /></label>
        <fieldset class="chips"><legend>{words.grades}</legend>
          <div class="chips-all">{GRADES[stage].map((grade) => <label key={grade} class="chip"><input type="checkbox" checked={draft.grades.includes(grade)} onChange={({ currentTarget }) => set({ points, grades: currentTarget.checked ? [...draft.grades, grade].sort((a, b) => a - b) : draft.grades.filter((other) => other !== grade) })} /><span>{say.value.grades[grade - 1]}</span></label>)}</div>
        </fieldset>
        <label class="field"><span>{words.points}</span><input value={points} maxLength={330} onInput={({ currentTarget }) => set({ points: currentTarget.value })} /></label>
        <label class="field"><span>{words.who}</span>
          <select value={draft.wanted} onChange={({ currentTarget }) => set({ wanted: currentTarget.value, points })}>
            <option value="">{words.anybody}</option>
            {people.map((person) => <option key={person.person_id} value={person.person_id}>{person.name}</option>)}
          </select>
        </label>
        {mayPlan && <label class="tick"><input type="checkbox" checked={draft.planned} onChange={({ currentTarget }) => set({ planned: currentTarget.checked, points })} /> {words.plan}</label>}
        {mayPlan && draft.planned && <Slot draft={draft} schools={found?.schools ?? []} onset={(change) => set({ ...change, points })} />}
        <label class="field"><span>{words.note}</span><textarea rows={2} maxLength={500} value={draft.note} onInput={({ currentTarget }) => set({ note: currentTarget.value, points })} /></label>
        {no !== null && <Notice kind="error">{no}</Notice>}
      </div>
    </Dialog>
  );
}

function Slot({ draft, schools, onset }: { draft: Draft; schools: TopicTeaching["schools"]; onset: (change: Partial<Draft>) => void }) {
  const words = proposalSay.value;
  return (
    <>
      <div class="plan-row plan-when">
        <label class="field"><span>{words.day}</span><input type="date" value={draft.day} onInput={({ currentTarget }) => onset({ day: currentTarget.value })} /></label>
        <label class="field"><span>{words.time}</span><input type="time" value={draft.time} onInput={({ currentTarget }) => onset({ time: currentTarget.value })} /></label>
        <label class="field"><span>{words.lasts}</span><select value={String(draft.minutes)} onChange={({ currentTarget }) => onset({ minutes: Number(currentTarget.value) })}>{LENGTHS.map((n) => <option key={n} value={String(n)}>{words.minutes(n)}</option>)}</select></label>
        <label class="field"><span>{words.capacity}</span><input type="number" inputMode="numeric" min={1} max={5000} value={draft.capacity} onInput={({ currentTarget }) => onset({ capacity: currentTarget.value })} /></label>
      </div>
      <fieldset class="chips"><legend>{words.schools}</legend>
        <div class="plan-row">
          <label class="chip"><input type="radio" name="schools" checked={!draft.some} onChange={() => onset({ some: false })} /><span>{words.allSchools}</span></label>
          <label class="chip"><input type="radio" name="schools" checked={draft.some} onChange={() => onset({ some: true })} /><span>{words.someSchools}</span></label>
        </div>
        {draft.some && <div class="school-list">{schools.map((school) => <label key={school.id} class="school"><input type="checkbox" checked={draft.schools.includes(school.id)} onChange={({ currentTarget }) => onset({ schools: currentTarget.checked ? [...draft.schools, school.id] : draft.schools.filter((other) => other !== school.id) })} />{school.name}</label>)}</div>}
      </fieldset>
    </>
  );
}
