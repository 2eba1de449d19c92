// The knowledge points in force: one subject and stage at a time, areas with what they hold, and the imports so far.
import { useState } from "preact/hooks";
import { Empty, Skeleton } from "./parts";
import type { Subject, TaxonomyPoint, TaxonomyView } from "./protocol";
import { research } from "./research-words";
import { Scopes, useFound, type Scope } from "./scopes";
import * as api from "./api";
import { moment } from "./words";

export function Taxonomy() {
  const words = research.value;
  const { found, wrong } = useFound(api.taxonomy);
  const [scope, setScope] = useState<Scope>({ subject: "math", stage: "junior" });
  if (found === null) return wrong ?? <Skeleton />;
  const [latest] = found.versions;
  if (latest === undefined) return <section class="card"><Empty title={words.noTaxonomy}>{words.noTaxonomyMore}</Empty></section>;
  const here = found.points_in_force.filter(({ subject, stage }) => subject === scope.subject && stage === scope.stage);
  return (
    <>
      <div class="taxonomy-head">
        <p class="muted small">{words.taxonomyHere(found.points_in_force.length, latest.number)}</p>
        <a class="button small" href="/api/research/taxonomy.csv" download>{words.exportCsv}</a>
      </div>
      <Scopes scope={scope} subjects={subjectsOf(found)} onchoose={setScope} />
      {here.length === 0 ? <section class="card"><Empty title={words.noneHere} /></section> : <section class="card"><Branches of={here} under={null} /></section>}
      <Versions of={found} />
    </>
  );
}

const subjectsOf = ({ points_in_force }: TaxonomyView): Subject[] => [...new Set(points_in_force.map(({ subject }) => subject))];

function Branches({ of, under }: { of: readonly TaxonomyPoint[]; under: string | null }) {
  const here = of.filter(({ parent }) => parent === under);
  if (here.length === 0) return null;
  return (
    <ul class={under === null ? "branches" : "branches branches-inner"}>
      {here.map((point) => (
        <li key={point.code}>
          <span class="branch"><b>{point.name}</b> <span class="muted small">{point.code} · {research.value.grades(point.first_grade, point.last_grade)}</span></span>
          <Branches of={of} under={point.code} />
        </li>
      ))}
    </ul>
  );
}

function Versions({ of: { versions } }: { of: TaxonomyView }) {
  const words = research.value;
  return (
    <details class="card">
      <summary>{words.versions}</summary>
      <ul class="plain">
        {versions.map(({ number, file_name, made_at, size, relabelled }) => <li key={number}>{words.versionOf(number, file_name, size)}<br /><span class="muted small">{moment(made_at)} · {words.relabelled(relabelled)}</span></li>)}
      </ul>
    </details>
  );
}
