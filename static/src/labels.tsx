// Questions whose point nobody has said, for research staff to say it in one tap; and the models that label the rest.
import { useState } from "preact/hooks";
import * as api from "./api";
import { DoubtLine } from "./doubt";
import { flowed } from "./flow";
import { Empty, Notice, Skeleton } from "./parts";
import type { Kind, LabelModel, TaxonomyPoint, ToSay } from "./protocol";
import { DIFFICULTIES, research } from "./research-words";
import { Scopes, useFound, type Scope } from "./scopes";
import { moment, say, sentence, subjectAndGrade } from "./words";
import type { Subject } from "./protocol";

export function Saying() {
  const words = research.value;
  const [scope, setScope] = useState<Scope>({ subject: "math", stage: "junior" });
  const { found, wrong } = useFound(() => api.toSay(scope.subject, scope.stage), scope.subject, scope.stage);
  const points = useFound(api.taxonomy);
  const subjects = Object.keys(say.value.subjects) as Subject[];
  const here = (points.found?.points_in_force ?? []).filter(({ subject, stage, code }) => subject === scope.subject && stage === scope.stage && !points.found!.points_in_force.some(({ parent }) => parent === code));
  return (
    <>
      <p class="muted small">{words.sayingMore}</p>
      <Scopes scope={scope} subjects={subjects} onchoose={setScope} />
      {wrong}
      {found === null ? wrong === null && <Skeleton /> : found.questions.length === 0 ? <section class="card"><Empty title={words.nothingToSay}>{words.nothingToSayMore}</Empty></section>
        : found.questions.map((question) => <Item key={question.question_id} question={question} points={here} />)}
    </>
  );
}

function Item({ question, points }: { question: ToSay; points: readonly TaxonomyPoint[] }) {
  const words = research.value;
  const [said, setSaid] = useState<Partial<Record<Kind, string>>>({});
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const tell = (kind: Kind) => async (value: string): Promise<void> => {
    setBusy(true);
    setWrong(null);
    await api.sayLabel(question.question_id, { kind, value }).then(() => setSaid({ ...said, [kind]: value }), (error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  const guess = question.point ?? null;
  const difficulty = said.difficulty ?? question.difficulty ?? null;
  return (
    <section class="card saying" aria-label={flowed(question.text).slice(0, 40)}>
      <p><span class="tag">{subjectAndGrade(question.subject, question.grade)}</span> <span class="muted small">{moment(question.asked_at)}</span></p>
      <p class="problem">{flowed(question.text)}</p>
      {question.doubts.map((doubt) => <DoubtLine key={doubt.kind} doubt={doubt} said={said[doubt.kind]} busy={busy} onsay={(value) => void tell(doubt.kind)(value)} />)}
      <div class="points" role="group" aria-label={words.point}>
        <p class="small muted">{guess === null ? words.point : words.pointGuess(guess, Math.round((question.point_sure ?? 0) * 100))}</p>
        {guess !== null && <button class="button small" disabled={busy} aria-pressed={said.point === guess} onClick={() => void tell("point")(guess)}>{words.confirm(guess)}</button>}
        {points.length > 0 && (
          <select aria-label={words.otherPoint} disabled={busy} value={said.point ?? ""} onChange={({ currentTarget }) => currentTarget.value !== "" && void tell("point")(currentTarget.value)}>
            <option value="">{words.otherPoint}</option>
            {points.map(({ code, name }) => <option key={code} value={name}>{name}</option>)}
          </select>
        )}
      </div>
      <div class="points" role="group" aria-label={words.whyHard}>
        <p class="small muted">{words.whyHard}</p>
        {DIFFICULTIES.map((each) => <button key={each} class="button small" disabled={busy} aria-pressed={difficulty === each} onClick={() => void tell("difficulty")(each)}>{words.difficulties[each]}</button>)}
        <button class="button small" disabled={busy} aria-pressed={said.fitness === "no_question"} onClick={() => void tell("fitness")("no_question")}>{words.fitnesses.no_question}</button>
        <button class="button small" disabled={busy} aria-pressed={said.fitness === "inappropriate"} onClick={() => void tell("fitness")("inappropriate")}>{words.fitnesses.inappropriate}</button>
      </div>
      {Object.keys(said).length > 0 && <p class="small" role="status">{words.noted}</p>}
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
    </section>
  );
}

export function Models() {
  const words = research.value;
  const { found, wrong } = useFound(api.labelModels);
  if (found === null) return wrong ?? <Skeleton />;
  if (found.models.length === 0) return <section class="card"><Empty title={words.noModels}>{words.noModelsMore}</Empty></section>;
  return (
    <>
      <p class="muted small">{words.modelsMore}</p>
      <div class="reliabilities">{found.models.map((model) => <Card key={model.number} model={model} />)}</div>
    </>
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

function Card({ model }: { model: LabelModel }) {
  const words = research.value;
  const [subject, stage] = model.scope.split(":");
  const scope = stage === undefined ? "" : ` · ${words.stages[stage] ?? stage}${(say.value.subjects as Record<string, string>)[subject ?? ""] ?? subject}`;
  const held = model.held_out ?? null;
  return (
    <section class="card reliability" aria-label={`${words.kinds[model.kind]}${scope}`}>
      <h2>{words.kinds[model.kind]}{scope}</h2>
      <p class="muted small">{words.learned(model.labels, model.problems, moment(model.made_at))}</p>
      <p><strong>{words.why[model.why] ?? model.why}</strong>{model.serves !== null && model.serves !== undefined && model.serves !== model.number && <> <span class="muted small">{words.serving(model.serves)}</span></>}</p>
      {held !== null && (
        <>
          <table class="bins">
            <thead><tr><th scope="col">{words.heldOut(held.texts)}</th><th scope="col">{words.thisOne}</th>{model.before && <th scope="col">{words.theOneBefore}</th>}</tr></thead>
            <tbody>
              {([["accuracy", words.accuracy], ["at_90", words.at90], ["said", words.saidShare], ["precision", words.precision]] as const).map(([name, told]) => (
                <tr key={name}><th scope="row">{told}</th><td class="digits">{held[name] === null || held[name] === undefined ? "–" : percent(held[name])}</td>{model.before && <td class="digits">{model.before[name] === null || model.before[name] === undefined ? "–" : percent(model.before[name])}</td>}</tr>
              ))}
            </tbody>
          </table>
          {model.confusion.length > 0 && (
            <details>
              <summary>{words.confusion}</summary>
              <table class="bins">
                <thead><tr><th scope="col">{words.labelled}</th><th scope="col">{words.toldAs}</th></tr></thead>
                <tbody>{model.confusion.map(({ label, count, told }) => <tr key={label}><th scope="row">{words.value(model.kind, label)} <span class="muted small digits">{count}</span></th><td>{Object.entries(told).sort(([, a], [, b]) => b - a).map(([name, times]) => `${words.value(model.kind, name)} ${times}`).join(words.comma)}</td></tr>)}</tbody>
              </table>
            </details>
          )}
        </>
      )}
    </section>
  );
}
