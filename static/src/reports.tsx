// Archived weekly reports, of the city and of each school.
import { useEffect, useState } from "preact/hooks";
import { call } from "./api";
import { monday } from "./monday-words";
import { Empty, Notice, Skeleton } from "./parts";
import type { Report, Reports as ReportsView } from "./protocol";
import { Findings } from "./findings";
import { sundayOf } from "./week";
import { moment, sentence } from "./words";

const list = (school: string): Promise<ReportsView> => call("GET", `/api/research/reports${school === "" ? "" : `?school=${school}`}`);
const show = (id: string): Promise<Report> => call("GET", `/api/research/reports/${id}`);

export function Reports() {
  const words = monday.value;
  const [school, setSchool] = useState("");
  const [known, setKnown] = useState<ReportsView | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    setKnown(null);
    setOpen(null);
    void list(school).then((found) => { setKnown(found); setOpen(found.reports[0]?.id ?? null); }, (error: unknown) => setWrong(sentence(error)));
  }, [school]);
  return (
    <>
      <p class="muted">{words.reportsMore}</p>
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
      {known === null ? wrong === null && <Skeleton /> : (
        <>
          {known.reports.length + known.schools.length > 0 && (
            <div class="card choices reports-choices">
              {known.schools.length > 0 && <label class="field"><span>{words.school}</span><select value={school} onChange={(event) => setSchool(event.currentTarget.value)}><option value="">{words.city}</option>{known.schools.map((each) => <option key={each.id} value={each.id} selected={each.id === school}>{each.name}</option>)}</select></label>}
              <label class="field"><span>{words.week}</span><select value={open ?? ""} onChange={(event) => setOpen(event.currentTarget.value)}>{known.reports.map((each) => <option key={each.id} value={each.id} selected={each.id === open}>{words.weekOf(each.week, sundayOf(each.week))}</option>)}</select></label>
            </div>
          )}
          {open === null ? <Empty title={words.noReports}>{words.noReportsMore}</Empty> : <Shown key={open} id={open} />}
        </>
      )}
    </>
  );
}

function Shown({ id }: { id: string }) {
  const words = monday.value;
  const [report, setReport] = useState<Report | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => void show(id).then(setReport, (error: unknown) => setWrong(sentence(error))), [id]);
  if (report === null) return wrong === null ? <Skeleton /> : <Notice kind="error">{wrong}</Notice>;
  const week = report.week.week ?? "";
  return (
    <>
      <div class="office-head">
        <div><h2>{report.school ?? words.city}　{words.weekOf(week, sundayOf(week))}</h2><p class="muted small">{words.made(moment(report.made_at))} · {words.archived}</p></div>
        <div class="row"><a class="button small" href={`/api/research/reports/${id}/pdf`}>{words.pdf}</a><button class="button small" onClick={() => print()}>{words.print}</button></div>
      </div>
      <Findings of={report.week} />
      <p class="muted small">{words.rule}</p>
    </>
  );
}
