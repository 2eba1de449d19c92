// What research staff owe in a quarter, and did for it: one's own to note, everybody's for the head of research.
import { useRef, useState } from "preact/hooks";
import { call } from "./api";
import { newId } from "./ids";
import { me } from "./page";
import { Dialog, Empty, Notice, Skeleton } from "./parts";
import type { NoteWork, QuotaBoard, QuotaLine, QuotaPerson, SetTarget, TeachingWork, WorkEntry } from "./protocol";
import { quotaSay } from "./quota-words";
import { useFound } from "./scopes";
import { moment, say, sentence } from "./words";

const KINDS: readonly TeachingWork[] = ["demonstration", "training", "observed"];
const post = (path: string, quarter: string, body: object, key: string = newId()): Promise<QuotaBoard> => call("POST", `${path}?quarter=${quarter}`, body, key);

export function Quotas() {
  const words = quotaSay.value;
  const [quarter, setQuarter] = useState("");
  const { found, wrong, set } = useFound(() => call<QuotaBoard>("GET", `/api/research/quotas${quarter && `?quarter=${quarter}`}`), quarter);
  if (found === null) return <>{wrong}{wrong === null && <Skeleton />}</>;
  const quarters = found.quarters.includes(found.quarter) ? found.quarters : [found.quarter, ...found.quarters];
  return (
    <>
      <p class="muted small">{words.more}</p>
      <div class="scopes quota-head">
        <label>{words.quarter}<select value={found.quarter} onChange={({ currentTarget }) => setQuarter(currentTarget.value)}>{quarters.map((each) => <option key={each} value={each}>{words.quarterOf(each)}</option>)}</select></label>
        <a class="button small" href={`/api/research/quotas.csv?quarter=${found.quarter}`} download>{words.csv}</a>
      </div>
      {wrong}
      {found.closed && <Notice>{words.closed}</Notice>}
      {found.people.length === 0 && <section class="card"><Empty title={words.nobody} /></section>}
      {found.people.map((person) => <Person key={person.person_id} of={person} board={found} onchange={set} />)}
    </>
  );
}

function Person({ of: person, board, onchange }: { of: QuotaPerson; board: QuotaBoard; onchange: (board: QuotaBoard) => void }) {
  const words = quotaSay.value;
  const [editing, setEditing] = useState<WorkEntry | "new" | null>(null);
  const [owing, setOwing] = useState<QuotaLine | null>(null);
  const [no, setNo] = useState<string | null>(null);
  const isMine = person.person_id === me.value?.id;
  const strike = (entry: WorkEntry): void => void post(`/api/research/entries/${entry.entry_id}/strike`, board.quarter, {}).then(onchange, (error: unknown) => setNo(sentence(error)));
  return (
    <section class="card quota" aria-label={person.name}>
      <h2>{person.name}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.tableOf(person.name)}>
        <table class="roll">
          <thead><tr>{[words.kind, words.target, words.noted, words.byItself, words.total].map((name) => <th key={name} scope="col">{name}</th>)}{board.may_set && !board.closed && <td />}</tr></thead>
          <tbody>
            {person.lines.map((line) => {
              const total = line.noted + line.by_itself;
              return (
                <tr key={line.kind}>
                  <th scope="row">{words.kinds[line.kind]}</th>
                  <td class="digits">{line.target ?? words.none}</td><td class="digits">{line.noted}</td>
                  <td class="digits">{line.lectures || line.lessons ? line.by_itself : words.none}</td>
                  <td class="digits">{total}{line.target !== null && <span class={total >= line.target ? "quota-done" : "muted"}> {total >= line.target ? words.done : words.missing(line.target - total)}</span>}</td>
                  {board.may_set && !board.closed && <td><button class="button small quiet" onClick={() => setOwing(line)}>{words.set}<span class="visually-hidden">{say.value.list}{words.setOf(person.name, words.kinds[line.kind])}</span></button></td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {no !== null && <Notice kind="error">{no}</Notice>}
      {person.entries.length > 0 && (
        <ul class="plain quota-entries" aria-label={words.entries}>
          {person.entries.map((entry) => (
            <li key={entry.entry_id}>
              <p class={entry.struck ? "struck" : ""}><span class="tag">{words.kinds[entry.kind]}</span> <time dateTime={entry.day}>{entry.day}</time> {entry.note}</p>
              {entry.struck && <p class="muted small">{words.struck(moment(entry.made_at))}</p>}
              {entry.before.length > 0 && <details><summary class="small">{words.before(entry.before.length)}</summary><ul class="plain small muted">{entry.before.map((word) => <li key={word.made_at}>{moment(word.made_at)}　{words.kinds[word.kind]} · {word.day} · {word.note}</li>)}</ul></details>}
              {isMine && !board.closed && !entry.struck && <div class="row"><button class="button small quiet" onClick={() => setEditing(entry)}>{words.edit}</button><button class="button small quiet" onClick={() => strike(entry)}>{words.strike}</button></div>}
            </li>
          ))}
        </ul>
      )}
      {isMine && !board.closed && <button class="button small" onClick={() => setEditing("new")}>{words.note}</button>}
      {editing !== null && <Noting entry={editing === "new" ? null : editing} quarter={board.quarter} onclose={() => setEditing(null)} ondone={(fresh) => { onchange(fresh); setEditing(null); }} />}
      {owing !== null && <Owing line={owing} person={person} quarter={board.quarter} onclose={() => setOwing(null)} ondone={(fresh) => { onchange(fresh); setOwing(null); }} />}
    </section>
  );
}

function Noting({ entry, quarter, onclose, ondone }: { entry: WorkEntry | null; quarter: string; onclose: () => void; ondone: (board: QuotaBoard) => void }) {
  const words = quotaSay.value;
  const [body, setBody] = useState<NoteWork>({ kind: entry?.kind ?? "demonstration", day: entry?.day ?? "", note: entry?.note ?? "" });
  const [busy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const key = useRef(newId());
  const save = async (): Promise<void> => {
    setBusy(true);
    setNo(null);
    await post(entry === null ? "/api/research/entries" : `/api/research/entries/${entry.entry_id}/change`, quarter, body, key.current).then(ondone, (error: unknown) => {
      setNo(sentence(error));
      key.current = newId();
    });
    setBusy(false);
  };
  return (
    <Dialog title={entry === null ? words.note : words.edit} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{say.value.no}</button>
        <button class="button primary" disabled={busy || body.day === "" || body.note.trim() === ""} onClick={() => void save()}>{words.save}</button>
      </>
    }>
      <div class="stack">
        <label class="field"><span>{words.kind}</span><select value={body.kind} onChange={({ currentTarget }) => setBody({ ...body, kind: currentTarget.value as TeachingWork })}>{KINDS.map((kind) => <option key={kind} value={kind}>{words.kinds[kind]}</option>)}</select></label>
        <label class="field"><span>{words.day}</span><input type="date" value={body.day} onInput={({ currentTarget }) => setBody({ ...body, day: currentTarget.value })} /></label>
        <label class="field"><span>{words.what}</span><input value={body.note} maxLength={200} onInput={({ currentTarget }) => setBody({ ...body, note: currentTarget.value })} /></label>
        {no !== null && <Notice kind="error">{no}</Notice>}
      </div>
    </Dialog>
  );
}

function Owing({ line, person, quarter, onclose, ondone }: { line: QuotaLine; person: QuotaPerson; quarter: string; onclose: () => void; ondone: (board: QuotaBoard) => void }) {
  const words = quotaSay.value;
  const [target, setTarget] = useState(String(line.target ?? ""));
  const [counts, setCounts] = useState({ lectures: line.lectures, lessons: line.lessons });
  const [no, setNo] = useState<string | null>(null);
  const wanted = Number(target);
  const body: SetTarget = { quarter, kind: line.kind, target: wanted, ...counts };
  return (
    <Dialog title={words.setOf(person.name, words.kinds[line.kind])} onclose={onclose} actions={
      <>
        <button class="button" onClick={onclose}>{say.value.no}</button>
        <button class="button primary" disabled={target === "" || !Number.isInteger(wanted) || wanted < 0 || wanted > 999} onClick={() => void post(`/api/research/staff/${person.person_id}/target`, quarter, body).then(ondone, (error: unknown) => setNo(sentence(error)))}>{words.save}</button>
      </>
    }>
      <div class="stack">
        <label class="field"><span>{words.target}</span><input type="number" inputMode="numeric" min={0} max={999} value={target} onInput={({ currentTarget }) => setTarget(currentTarget.value)} /></label>
        <label class="tick"><input type="checkbox" checked={counts.lectures} onChange={({ currentTarget }) => setCounts({ ...counts, lectures: currentTarget.checked })} /> {words.lectures}</label>
        <label class="tick"><input type="checkbox" checked={counts.lessons} onChange={({ currentTarget }) => setCounts({ ...counts, lessons: currentTarget.checked })} /> {words.lessons}</label>
        {no !== null && <Notice kind="error">{no}</Notice>}
      </div>
    </Dialog>
  );
}
