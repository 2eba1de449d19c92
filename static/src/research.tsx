// The research staff's page: how sure the matcher is of each subject's matches, and how often it is right.
import "./style.css";
import { render } from "preact";
import { effect, signal } from "@preact/signals";
import * as api from "./api";
import { bank } from "./bank-words";
import { monday } from "./monday-words";
import { begin, leave, me, unreachable } from "./page";
import { DemoBanner, Empty, Notice, Skeleton, TopBar, Unreached } from "./parts";
import type { Bin, Reliability, SubjectReliability } from "./protocol";
import { moment, say, sentence } from "./words";

const known = signal<Reliability | null>(null);
const wrong = signal<string | null>(null);

const percent = (share: number): string => `${(share * 100).toFixed(share > 0.985 && share < 1 ? 1 : 0)}%`;

function Page() {
  const words = say.value;
  return (
    <>
      <TopBar who={me.value?.nickname ?? ""} onsignout={() => void leave()}><a class="bar-button bar-word bar-link bar-wide" href="/bank">{bank.value.title}</a><a class="bar-button bar-word bar-link" href="/monday">{monday.value.title}</a></TopBar>
      <DemoBanner />
      <main class="page page-research">
        {unreachable.value ? <Unreached /> : (
          <>
            <h1>{words.reliability}</h1>
            <p class="muted">{words.reliabilityMore}</p>
            {wrong.value && <Notice kind="error">{wrong.value}</Notice>}
            {known.value === null ? !wrong.value && <Skeleton /> : <Subjects known={known.value} />}
          </>
        )}
      </main>
    </>
  );
}

function Subjects({ known: { calibration, since, subjects } }: { known: Reliability }) {
  const words = say.value;
  return (
    <>
      <p class="muted small">{since === null ? words.inForceNone : words.inForce(calibration, moment(since))}</p>
      {subjects.length === 0 && <Empty title={words.reliabilityNone}>{words.reliabilityNoneMore}</Empty>}
      <div class="reliabilities">{subjects.map((each) => <Subject key={each.subject} of={each} />)}</div>
    </>
  );
}

function Subject({ of: { subject, labels, bar, bins, precision } }: { of: SubjectReliability }) {
  const words = say.value;
  return (
    <section class="card reliability" aria-label={words.subjects[subject]}>
      <h2>{words.subjects[subject]}</h2>
      <p class="muted small">{words.judged(labels)} · {bar > 1 ? words.barNever : words.barIs(percent(bar))}</p>
      <p><strong>{precision === null ? words.precisionFew : words.precisionIs(percent(precision))}</strong></p>
      {bins.length > 0 && (
        <table class="bins">
          <thead><tr><th scope="col"><span class="visually-hidden">{words.saidSure}</span></th><th scope="col">{words.saidSure}</th><th scope="col">{words.wasRight}</th></tr></thead>
          <tbody>{bins.map((bin) => <Row key={bin.low} bin={bin} />)}</tbody>
        </table>
      )}
    </section>
  );
}

function Row({ bin: { low, high, count, mean, share } }: { bin: Bin }) {
  const words = say.value;
  return (
    <tr>
      <th scope="row">{words.sureFrom(percent(low), percent(high))}<br /><span class="muted small">{words.judged(count)}</span></th>
      <td><Share part={mean} /></td>
      <td><Share part={share} right /></td>
    </tr>
  );
}

function Share({ part, right = false }: { part: number; right?: boolean }) {
  return <><meter class={right ? "share share-right" : "share"} min={0} max={1} value={part} aria-hidden="true" /><span class="digits">{percent(part)}</span></>;
}

effect(() => void (document.title = `${say.value.name} · ${say.value.reliability}`));

const root = document.getElementById("app")!;
root.textContent = "";
root.className = "";
render(<Page />, root);
void begin("researcher", () => void api.reliability().then((found) => (known.value = found), (error: unknown) => (wrong.value = sentence(error))));
