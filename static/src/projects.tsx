// Data taken away: projects with a purpose, approved by another, and their files.
import { useEffect, useState } from "preact/hooks";
import { call } from "./api";
import { monday } from "./monday-words";
import { Dialog, Empty, Notice, Skeleton } from "./parts";
import type { AskProject, ExportAddress, ExportLine, FetchExport, MakeExport, ProjectsView, ProjectView } from "./protocol";
import { grouped } from "./week";
import { language, moment, say, sentence } from "./words";

const FORMS: readonly MakeExport["form"][] = ["parquet", "csv", "xlsx"];
const AGAIN_MS = 3_000; // as long as a file is being made

const show = (): Promise<ProjectsView> => call("GET", "/api/research/projects");
const ask = (body: AskProject): Promise<ProjectsView> => call("POST", "/api/research/projects", body);
const decide = (id: string, approve: boolean): Promise<ProjectsView> => call("POST", `/api/research/projects/${id}/decide`, { approve });
const make = (id: string, form: MakeExport["form"]): Promise<ProjectsView> => call("POST", `/api/research/projects/${id}/exports`, { form });
const fetchFile = (id: string, body: FetchExport): Promise<ExportAddress> => call("POST", `/api/research/exports/${id}/fetch`, body);

export function Projects() {
  const words = monday.value;
  const [known, setKnown] = useState<ProjectsView | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const put = (change: Promise<ProjectsView>): Promise<boolean> => change.then((view) => (setKnown(view), setWrong(null), true), (error: unknown) => (setWrong(sentence(error)), false));
  useEffect(() => void put(show()), []);
  const making = known?.projects.some((each) => each.exports.some((file) => file.state === "making")) ?? false;
  useEffect(() => {
    if (!making) return;
    const timer = setInterval(() => void put(show()), AGAIN_MS);
    return () => clearInterval(timer);
  }, [making]);
  return (
    <>
      <p class="muted">{words.dataMore}</p>
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      {known === null ? wrong === null && <Skeleton /> : (
        <>
          {known.projects.length === 0 ? <Empty title={words.noProjects}>{words.noProjectsMore}</Empty> : known.projects.map((each) => <Project key={each.id} of={each} put={put} />)}
          <NewProject onask={(body) => put(ask(body))} />
          <details class="card all-points">
            <summary>{words.dictionary}</summary>
            <div class="scroll" tabIndex={0} role="region" aria-label={words.dictionary}><table class="roll dictionary"><tbody>{known.columns.map((column) => <tr key={column.name}><th scope="row" class="mono">{column.name}</th><td class="mono">{column.kind}</td><td>{language.value === "zh" ? column.zh : column.en}</td></tr>)}</tbody></table></div>
          </details>
        </>
      )}
    </>
  );
}

function Project({ of, put }: { of: ProjectView; put: (change: Promise<ProjectsView>) => Promise<boolean> }) {
  const words = monday.value;
  const [busy, setBusy] = useState(false);
  const [taking, setTaking] = useState<ExportLine | null>(null);
  const change = (doing: Promise<ProjectsView>): void => {
    setBusy(true);
    void put(doing).finally(() => setBusy(false));
  };
  return (
    <section class="card project" aria-label={of.title}>
      <div class="office-head"><h2>{of.title}</h2><span class={of.state === "approved" ? "tag" : "tag tag-example"}>{words.states[of.state]}</span></div>
      <p>{of.purpose}</p>
      <p class="muted small">{words.first} {of.first} {words.until} {of.until} · {words.expires} {of.expires_on} · {words.by(of.asked_by)}{of.decided_by !== null && of.state !== "refused" && ` · ${words.approvedBy(of.decided_by)}`}</p>
      {of.state === "asked" && (of.mine ? <p class="muted">{words.own}</p> : <div class="row wrap"><button class="button primary" disabled={busy} onClick={() => change(decide(of.id, true))}>{words.approve}</button><button class="button" disabled={busy} onClick={() => change(decide(of.id, false))}>{words.refuse}</button></div>)}
      {of.state === "approved" && <div class="row wrap">{FORMS.map((form) => <button key={form} class="button small" disabled={busy} onClick={() => change(make(of.id, form))}>{words.make(form === "parquet" ? "Parquet" : form.toUpperCase())}</button>)}</div>}
      {of.exports.length > 0 && (
        <ul class="files">
          {of.exports.map((file) => (
            <li key={file.id}>
              <span><b>{file.form === "parquet" ? "Parquet" : file.form.toUpperCase()}</b> <span class="muted small">{moment(file.asked_at)}</span><br /><span class="small">{file.state === "making" ? words.making : file.state === "failed" ? words.failed : file.state === "gone" ? words.acts.expired : <>{words.rows(file.rows ?? 0)}{say.value.list}{words.keptOf(file.left_out ?? 0)}{say.value.list}{grouped(Math.ceil((file.size ?? 0) / 1024))} kB</>}</span></span>
              {file.state === "ready" && of.state === "approved" && <button class="button small" onClick={() => setTaking(file)}>{words.download}</button>}
            </li>
          ))}
        </ul>
      )}
      {taking !== null && <Taking file={taking} onclose={() => setTaking(null)} />}
      <details><summary>{words.log}</summary><ul class="small">{of.log.map((note, n) => <li key={n}>{moment(note.at)}　{note.who ?? ""} {words.acts[note.act] ?? note.act}</li>)}</ul></details>
    </section>
  );
}

/** A page that was left open gives no file away. */
function Taking({ file, onclose }: { file: ExportLine; onclose: () => void }) {
  const words = monday.value;
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const take = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    void fetchFile(file.id, { password }).then(({ url }) => { location.assign(url); onclose(); }, (error: unknown) => { setWrong(sentence(error)); setBusy(false); });
  };
  return (
    <Dialog title={words.again} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{say.value.no}</button>
        <button class="button primary" form="taking" disabled={busy || password === ""}>{words.download}</button>
      </>
    }>
      <form id="taking" class="stack" onSubmit={take}>
        <p class="muted">{words.againMore}</p>
        <label class="field"><span>{words.password}</span><input type="password" autocomplete="current-password" maxLength={256} value={password} onInput={(event) => setPassword(event.currentTarget.value)} /></label>
        {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      </form>
    </Dialog>
  );
}

function NewProject({ onask }: { onask: (body: AskProject) => Promise<boolean> }) {
  const words = monday.value;
  const day = (from: number): string => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
  const fresh = (): AskProject => ({ title: "", purpose: "", first: day(-90), until: day(0), expires_on: day(30) });
  const [body, setBody] = useState<AskProject>(fresh);
  const [busy, setBusy] = useState(false);
  const send = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    void onask(body).then((done) => done && setBody(fresh())).finally(() => setBusy(false));
  };
  return (
    <form class="card new-project" onSubmit={send} aria-label={words.newProject}>
      <h2>{words.newProject}</h2>
      <label class="field"><span>{words.projectTitle}</span><input required maxLength={80} value={body.title} onInput={(event) => setBody({ ...body, title: event.currentTarget.value })} /></label>
      <label class="field"><span>{words.purpose}</span><textarea required rows={3} minLength={10} maxLength={1000} placeholder={words.purposeHint} value={body.purpose} onInput={(event) => setBody({ ...body, purpose: event.currentTarget.value })} /></label>
      <div class="days">
        {(["first", "until", "expires_on"] as const).map((name) => <label key={name} class="field"><span>{name === "expires_on" ? words.expires : words[name]}</span><input type="date" required value={body[name]} onInput={(event) => setBody({ ...body, [name]: event.currentTarget.value })} /></label>)}
      </div>
      <button class="button primary" disabled={busy}>{words.apply}</button>
    </form>
  );
}
