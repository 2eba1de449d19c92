// The lecturer's side before a lecture: plan it, open it, change it, cancel it, bring pages to it.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "./api";
import { Cover } from "./hall";
import { newId } from "./ids";
import { airSay } from "./air-words";
import { lectureSay, slot } from "./lecture-words";
import * as lectures from "./lectures";
import { GRADES } from "./lectures";
import { Offer, loadOffers, offered, waits } from "./offered";
import { Dialog, Empty, Icon, Notice, Skeleton } from "./parts";
import { proposalSay } from "./proposal-words";
import { planIt } from "./proposals";
import type { LectureView, MaterialView, MediaView, PlanLecture, ProposalOffer, SchoolView, Stage, Subject } from "./protocol";
import { send } from "./upload";
import { CameOf } from "./watch";
import { language, say, sentence } from "./words";

const MB = 1024 * 1024;
const PDF_MAX = 50 * MB;
const PICTURE_MAX = 20 * MB;
const LENGTHS = [30, 45, 60, 90, 120];
const LOOK_MS = 15_000;

const known = signal<readonly LectureView[] | null>(null);
const schools = signal<readonly SchoolView[]>([]);
const chosen = signal<string | null>(null); // an id of a lecture or of a proposal, or "new"
const planning = signal<ProposalOffer | null>(null); // a proposal that becomes a lecture
const wrong = signal<string | null>(null);

export function deskOpens(): void {
  void load();
  setInterval(() => document.visibilityState === "visible" && void load(), LOOK_MS); // how many have enrolled
}

async function load(): Promise<void> {
  try {
    const state = await lectures.lecturer();
    [known.value, schools.value, wrong.value] = [state.lectures, state.schools, null];
    await loadOffers();
  } catch (error) {
    wrong.value = sentence(error);
  }
}

/** What was planned for its lecturer is a lecture now, and is shown. */
async function taken(proposal: string): Promise<void> {
  await load();
  const lecture = offered.value.find(({ proposal_id }) => proposal_id === proposal)?.taught?.lecture_id;
  if (lecture != null) chosen.value = lecture;
}

function take(view: LectureView): void {
  const others = (known.value ?? []).filter(({ id }) => id !== view.id);
  known.value = [...others, view].sort((a, b) => Number(isPast(a)) - Number(isPast(b)) || (isPast(a) ? -1 : 1) * (Date.parse(a.starts_at) - Date.parse(b.starts_at)));
  [chosen.value, planning.value] = [view.id, null];
}

const isPast = ({ state }: LectureView): boolean => state === "over" || state === "cancelled";

export function LecturerDesk() {
  const words = lectureSay.value;
  const all = known.value;
  const at = chosen.value === "new" ? null : (all?.find(({ id }) => id === chosen.value) ?? null);
  const ahead = (all ?? []).filter((each) => !isPast(each));
  const past = (all ?? []).filter(isPast);
  const proposals = offered.value.filter((each) => each.form === "lecture" && waits(each));
  const offer = proposals.find(({ proposal_id }) => proposal_id === chosen.value);
  return (
    <div class="planning">
      <section class="planning-list" aria-label={words.yours}>
        <button class="button primary wide" onClick={() => ([chosen.value, planning.value] = ["new", null])}><Icon name="plus" />{words.newOne}</button>
        {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
        {all === null && wrong.value === null && <Skeleton />}
        {proposals.length > 0 && <h2>{proposalSay.value.offers}</h2>}
        {proposals.map((each) => <OfferLine key={each.proposal_id} offer={each} />)}
        {ahead.length > 0 && <h2>{words.upcoming}</h2>}
        {ahead.map((each) => <Line key={each.id} lecture={each} />)}
        {past.length > 0 && <h2>{words.before}</h2>}
        {past.map((each) => <Line key={each.id} lecture={each} />)}
      </section>
      <div class="planning-one">
        {planning.value !== null ? <Plan key={planning.value.proposal_id} lecture={null} proposal={planning.value} onclose={() => (planning.value = null)} /> : offer !== undefined ? <Offer key={offer.proposal_id} of={offer} ontaken={() => void taken(offer.proposal_id)} onplan={() => (planning.value = offer)} /> : chosen.value === "new" ? <Plan key="new" lecture={null} /> : at !== null ? <One key={at.id} lecture={at} /> : all?.length === 0 ? <Empty title={words.noLectures}>{words.noLecturesMore}</Empty> : all !== null && <div class="planning-choose"><Empty title={words.choose} /></div>}
      </div>
    </div>
  );
}

function OfferLine({ offer }: { offer: ProposalOffer }) {
  const words = proposalSay.value;
  return (
    <button class="line" aria-current={chosen.value === offer.proposal_id ? "true" : undefined} onClick={() => ([chosen.value, planning.value] = [offer.proposal_id, null])}>
      <span class="line-body">
        <span class="line-text">{offer.title}</span>
        <span class="line-foot"><span class="muted">{say.value.subjects[offer.subject]} · {words.until(offer.expires_at)}</span><span class={`state state-${offer.taken ? "planned" : "open"}`}>{offer.taken ? words.mine : offer.plan != null ? words.confirm : words.states.open}</span></span>
      </span>
    </button>
  );
}

function Line({ lecture }: { lecture: LectureView }) {
  const words = lectureSay.value;
  return (
    <button class="line" aria-current={chosen.value === lecture.id ? "true" : undefined} onClick={() => ([chosen.value, planning.value] = [lecture.id, null])}>
      <span class="line-body">
        <span class="line-text">{lecture.title}</span>
        <span class="line-foot"><span class="muted">{slot(lecture.starts_at, lecture.ends_at)} · {words.listeners(lecture.taken)}</span><span class={`state state-${lecture.state}`}>{words.states[lecture.state]}</span></span>
      </span>
    </button>
  );
}

function One({ lecture }: { lecture: LectureView }) {
  const words = lectureSay.value;
  const [editing, setEditing] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const mayChange = lecture.state === "planned" || lecture.state === "open";
  if (editing) return <Plan lecture={lecture} onclose={() => setEditing(false)} />;
  return (
    <>
      <section class="card lecture-one" aria-label={lecture.title}>
        <Cover lecture={lecture} />
        <div class="lecture-body">
          <p class="lecture-when"><time dateTime={lecture.starts_at}>{slot(lecture.starts_at, lecture.ends_at)}</time><span class={`state state-${lecture.state}`}>{words.states[lecture.state]}</span></p>
          <h2>{lecture.title}</h2>
          <p class="muted small">{say.value.subjects[lecture.subject]} · {lecture.grades.map((grade) => say.value.grades[grade - 1]).join(say.value.list)}</p>
          {lecture.about && <p class="asked-text">{lecture.about}</p>}
          {lecture.knowledge_points.length > 0 && <ul class="topics" aria-label={words.points}>{lecture.knowledge_points.map((point) => <li key={point} class="tag">{point}</li>)}</ul>}
          {lecture.cancelled_why && <p class="warn">{words.whyCancelled(lecture.cancelled_why)}</p>}
          <p class="seats"><meter class="share" min={0} max={lecture.capacity} value={lecture.taken} aria-hidden="true" /><span class="digits">{words.of(lecture.taken, lecture.capacity)}{lecture.waiting > 0 && ` · ${words.waitingOf(lecture.waiting)}`}</span></p>
          {lecture.schools.length > 0 && <p class="muted small">{words.schools}{language.value === "zh" ? "：" : ": "}{lecture.schools.map((id) => schools.value.find((school) => school.id === id)?.name).join(say.value.list)}</p>}
          {no && <Notice kind="error">{no}</Notice>}
          {lectures.isOpenNow(lecture, Date.now()) && <a class="button primary" href={`#room=${lecture.id}`}>{lecture.state === "live" ? words.resume : words.enter}</a>}
          {lecture.state === "over" && <a class="button" href={`#replay=${lecture.id}`}>{airSay.value.replay}</a>}
          {mayChange && (
            <div class="row wrap">
              {lecture.state === "planned" && <button class="button primary" onClick={() => void lectures.openUp(lecture.id).then(take, (error: unknown) => setNo(sentence(error)))}>{words.open}</button>}
              <button class="button" onClick={() => setEditing(true)}>{words.edit}</button>
              <button class="button quiet" onClick={() => setCancelling(true)}>{words.cancelIt}</button>
            </div>
          )}
          {lecture.state === "planned" && <p class="muted small">{words.openNote}</p>}
        </div>
      </section>
      {lecture.state === "over" && <CameOf key={lecture.id} lecture={lecture} />}
      {lecture.state !== "cancelled" && <Materials lecture={lecture} />}
      {cancelling && <Cancel lecture={lecture} onclose={() => setCancelling(false)} />}
    </>
  );
}

function Cancel({ lecture, onclose }: { lecture: LectureView; onclose: () => void }) {
  const words = lectureSay.value;
  const [why, setWhy] = useState("");
  const [no, setNo] = useState<string | null>(null);
  return (
    <Dialog title={words.sureCancel} onclose={onclose} actions={
      <>
        <button class="button" onClick={onclose}>{words.keep}</button>
        <button class="button danger" disabled={why.trim() === ""} onClick={() => void lectures.cancel(lecture.id, why).then((view) => { take(view); onclose(); }, (error: unknown) => setNo(sentence(error)))}>{words.cancelIt}</button>
      </>
    }>
      <label class="field"><span>{words.cancelWhy}</span><input value={why} maxLength={200} onInput={(event) => setWhy(event.currentTarget.value)} /></label>
      {no && <Notice kind="error">{no}</Notice>}
    </Dialog>
  );
}

interface Draft {
  title: string;
  about: string;
  subject: Subject;
  stage: Stage;
  grades: readonly number[];
  points: string;
  day: string;
  time: string;
  minutes: number;
  capacity: string;
  some: boolean;
  schools: readonly string[];
  cover: MediaView | null;
}

const two = (n: number): string => String(n).padStart(2, "0");

function draftOf(lecture: LectureView | null, proposal: ProposalOffer | null): Draft {
  if (lecture === null && proposal !== null) {
    return { ...draftOf(null, null), title: proposal.title, about: proposal.note, subject: proposal.subject, stage: proposal.stage, grades: proposal.grades, points: proposal.knowledge_points.join("，") };
  }
  if (lecture === null) {
    return { title: "", about: "", subject: "math", stage: "junior", grades: [], points: "", day: "", time: "19:00", minutes: 60, capacity: "800", some: false, schools: [], cover: null };
  }
  const start = new Date(lecture.starts_at);
  return {
    title: lecture.title, about: lecture.about, subject: lecture.subject, stage: lecture.stage, grades: lecture.grades, points: lecture.knowledge_points.join("，"),
    day: `${start.getFullYear()}-${two(start.getMonth() + 1)}-${two(start.getDate())}`, time: `${two(start.getHours())}:${two(start.getMinutes())}`,
    minutes: Math.round((Date.parse(lecture.ends_at) - Date.parse(lecture.starts_at)) / 60_000), capacity: String(lecture.capacity), some: lecture.schools.length > 0, schools: lecture.schools, cover: lecture.cover,
  };
}

function planOf(draft: Draft): PlanLecture {
  const start = new Date(`${draft.day}T${draft.time}`);
  return {
    title: draft.title, about: draft.about, subject: draft.subject, stage: draft.stage, grades: [...draft.grades],
    knowledge_points: draft.points.split(/[,，、;；]/).map((point) => point.trim()).filter((point) => point !== ""),
    starts_at: start.toISOString(), ends_at: new Date(start.getTime() + draft.minutes * 60_000).toISOString(),
    capacity: Math.floor(Number(draft.capacity)) || 0, schools: draft.some ? [...draft.schools] : [], cover_id: draft.cover?.id ?? null,
  };
}

function Plan({ lecture, proposal = null, onclose }: { lecture: LectureView | null; proposal?: ProposalOffer | null; onclose?: () => void }) {
  const words = lectureSay.value;
  const [draft, setDraft] = useState(() => draftOf(lecture, proposal));
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const key = useRef(newId());
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const missing = draft.title.trim() === "" ? words.needTitle : draft.grades.length === 0 ? words.needGrade : draft.day === "" || draft.time === "" ? words.needDate : draft.some && draft.schools.length === 0 ? words.needSchool : null;
  const save = async (): Promise<void> => {
    if (missing !== null) return setNo(missing);
    setBusy(true);
    setNo(null);
    try {
      take(lecture !== null ? await lectures.change(lecture.id, planOf(draft)) : proposal !== null ? await planIt(proposal.proposal_id, planOf(draft), key.current) : await lectures.plan(planOf(draft), key.current));
      if (proposal !== null) void loadOffers();
      onclose?.();
    } catch (error) {
      const field = error instanceof Refusal && error.problem.code === "bad_lecture" ? error.problem.detail?.split(":")[0] : undefined;
      setNo(field ? words.wrongIn(words.fields[field] ?? field) : sentence(error));
      key.current = newId(); // what is sent next is another plan
    }
    setBusy(false);
  };
  return (
    <form class="card plan" onSubmit={(event) => { event.preventDefault(); void save(); }} aria-label={lecture === null ? words.newOne : words.edit}>
      <h2>{lecture === null ? words.newOne : words.edit}</h2>
      <label class="field"><span>{words.name}</span><input value={draft.title} maxLength={60} onInput={(event) => set({ title: event.currentTarget.value })} /></label>
      <div class="plan-row">
        <label class="field"><span>{words.subject}</span>
          <select value={draft.subject} onChange={(event) => set({ subject: event.currentTarget.value as Subject })}>{Object.entries(say.value.subjects).map(([id, name]) => <option key={id} value={id}>{name}</option>)}</select>
        </label>
        <label class="field"><span>{words.stage}</span>
          <select value={draft.stage} onChange={(event) => set({ stage: event.currentTarget.value as Stage, grades: [] })}>{Object.entries(words.stages).map(([id, name]) => <option key={id} value={id}>{name}</option>)}</select>
        </label>
      </div>
      <fieldset class="chips"><legend>{words.grades}</legend>
        <div class="chips-all">
          {GRADES[draft.stage].map((grade) => (
            <label key={grade} class="chip"><input type="checkbox" checked={draft.grades.includes(grade)} onChange={(event) => set({ grades: event.currentTarget.checked ? [...draft.grades, grade] : draft.grades.filter((other) => other !== grade) })} /><span>{say.value.grades[grade - 1]}</span></label>
          ))}
        </div>
      </fieldset>
      <div class="plan-row plan-when">
        <label class="field"><span>{words.starts}</span><input type="date" value={draft.day} onInput={(event) => set({ day: event.currentTarget.value })} /></label>
        <label class="field"><span class="visually-hidden">{words.from}</span><input type="time" value={draft.time} onInput={(event) => set({ time: event.currentTarget.value })} /></label>
        <label class="field"><span>{words.lasts}</span>
          <select value={String(draft.minutes)} onChange={(event) => set({ minutes: Number(event.currentTarget.value) })}>{[...new Set([...LENGTHS, draft.minutes])].sort((a, b) => a - b).map((n) => <option key={n} value={String(n)}>{words.minutes(n)}</option>)}</select>
        </label>
        <label class="field"><span>{words.capacity}</span><input type="number" inputMode="numeric" min={1} max={5000} value={draft.capacity} onInput={(event) => set({ capacity: event.currentTarget.value })} /></label>
      </div>
      <label class="field"><span>{words.about}</span><textarea rows={3} value={draft.about} maxLength={1000} onInput={(event) => set({ about: event.currentTarget.value })} /></label>
      <label class="field"><span>{words.pointsHint}</span><input value={draft.points} maxLength={330} onInput={(event) => set({ points: event.currentTarget.value })} /></label>
      <fieldset class="chips"><legend>{words.schools}</legend>
        <div class="plan-row">
          <label class="chip"><input type="radio" name="schools" checked={!draft.some} onChange={() => set({ some: false })} /><span>{words.allSchools}</span></label>
          <label class="chip"><input type="radio" name="schools" checked={draft.some} onChange={() => set({ some: true })} /><span>{words.someSchools}</span></label>
        </div>
        {draft.some && (
          <div class="school-list">
            {schools.value.map((school) => (
              <label key={school.id} class="school"><input type="checkbox" checked={draft.schools.includes(school.id)} onChange={(event) => set({ schools: event.currentTarget.checked ? [...draft.schools, school.id] : draft.schools.filter((other) => other !== school.id) })} />{school.name}</label>
            ))}
          </div>
        )}
      </fieldset>
      <ChooseCover cover={draft.cover} onchange={(cover) => set({ cover })} />
      {no && <Notice kind="error">{no}</Notice>}
      <div class="row">
        <button type="button" class="button" onClick={() => (onclose ? onclose() : (chosen.value = null))}>{words.discard}</button>
        <button class="button primary" disabled={busy}>{busy ? words.saving : words.save}</button>
      </div>
    </form>
  );
}

function ChooseCover({ cover, onchange }: { cover: MediaView | null; onchange: (cover: MediaView | null) => void }) {
  const words = lectureSay.value;
  const [done, setDone] = useState<number | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const choose = async (file: File): Promise<void> => {
    if (file.size === 0 || file.size > PICTURE_MAX) return setNo(words.coverWrong);
    setNo(null);
    setDone(0);
    try {
      onchange(await send(file, { kind: "photo", content_type: file.type || "image/jpeg", session_id: null, ago_ms: 0 }, null, async () => undefined, (sent, of) => setDone(Math.round((100 * sent) / of))));
    } catch (error) {
      setNo(sentence(error));
    }
    setDone(null);
  };
  return (
    <div class="field choose-cover">
      <span>{words.cover}</span>
      {cover !== null && <img src={cover.thumb_url ?? cover.url} alt={words.cover} />}
      <div class="row wrap">
        <label class="button small file"><input type="file" accept="image/*" onChange={(event) => { const file = event.currentTarget.files?.[0]; event.currentTarget.value = ""; if (file) void choose(file); }} />{done === null ? words.chooseCover : words.sendingPdf(done)}</label>
        {cover !== null && <button type="button" class="button quiet small" onClick={() => onchange(null)}>{words.dropCover}</button>}
      </div>
      {no && <Notice kind="error">{no}</Notice>}
    </div>
  );
}

function Materials({ lecture }: { lecture: LectureView }) {
  const words = lectureSay.value;
  const [found, setFound] = useState<readonly MaterialView[] | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const mayChange = lecture.state === "planned" || lecture.state === "open";
  const count = lecture.materials.length;
  useEffect(() => void lectures.materials(lecture.id).then(setFound, (error: unknown) => setNo(sentence(error))), [count]);
  const add = async (file: File): Promise<void> => {
    if (file.size > PDF_MAX) return setNo(words.pdfTooLarge);
    setNo(null);
    setBusy(words.sendingPdf(0));
    try {
      const media = await send(file, { kind: "material", content_type: "application/pdf", session_id: null, ago_ms: 0 }, null, async () => undefined, (sent, of) => setBusy(sent < of ? words.sendingPdf(Math.floor((100 * sent) / of)) : words.openingPdf));
      take(await lectures.addMaterial(lecture.id, { material_id: media.id, name: file.name }));
    } catch (error) {
      setNo(sentence(error));
    }
    setBusy(null);
  };
  return (
    <section class="card materials" aria-label={words.materials}>
      <div class="office-head"><h2>{words.materials}</h2>
        {mayChange && <label class="button small file" aria-disabled={busy !== null}><input type="file" accept="application/pdf,.pdf" disabled={busy !== null} onChange={(event) => { const file = event.currentTarget.files?.[0]; event.currentTarget.value = ""; if (file) void add(file); }} /><Icon name="plus" />{busy ?? words.addPdf}</label>}
      </div>
      <p class="muted small">{words.materialsMore}</p>
      {no && <Notice kind="error">{no}</Notice>}
      {found === null ? no === null && <Skeleton /> : found.length === 0 ? <p>{words.noMaterials}</p> : found.map((each) => (
        <div key={each.id} class="material">
          <div class="office-head"><h3>{each.name} <span class="muted small">{words.pages(each.count)}</span></h3>{mayChange && <button class="button quiet small" onClick={() => void lectures.removeMaterial(lecture.id, each.id).then(take, (error: unknown) => setNo(sentence(error)))}>{words.remove}</button>}</div>
          <div class="leaves">{each.pages.map((page, n) => <img key={page.id} class="leaf-picture" src={page.url} alt={words.pageOf(each.name, n + 1)} loading="lazy" />)}</div>
        </div>
      ))}
    </section>
  );
}
