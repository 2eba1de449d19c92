// Topics of a subject and stage: what many ask about, how it grows, examples; and what a person does to them.
import { useState } from "preact/hooks";
import * as api from "./api";
import { flowed } from "./flow";
import { Dialog, Empty, Notice, Skeleton } from "./parts";
import { Teaching } from "./proposed";
import type { Stage, Subject, TopicView } from "./protocol";
import { research } from "./research-words";
import { Scopes, useFound, type Scope } from "./scopes";
import { say, sentence } from "./words";

type Doing = { what: "rename" | "merge" | "split"; topic: TopicView } | null;

export const titleOf = ({ name, terms, number }: TopicView): string => name ?? (terms.length > 0 ? terms.join(research.value.comma) : `#${number}`);

export function Topics() {
  const words = research.value;
  const [scope, setScope] = useState<Scope>({ subject: "math", stage: "junior" });
  const { found, wrong, again } = useFound(() => api.topics(scope.subject, scope.stage), scope.subject, scope.stage);
  const [doing, setDoing] = useState<Doing>(null);
  const subjects = Object.keys(say.value.subjects) as Subject[];
  return (
    <>
      <p class="muted small">{words.topicsMore}</p>
      <Scopes scope={scope} subjects={subjects} onchoose={setScope} />
      {wrong}
      {found === null ? wrong === null && <Skeleton /> : found.topics.length === 0 ? <section class="card"><Empty title={words.noTopics}>{words.noTopicsMore}</Empty></section>
        : found.topics.map((topic) => <Topic key={topic.number} topic={topic} stage={scope.stage} weeks={found.weeks} ondo={(what) => setDoing({ what, topic })} />)}
      {doing !== null && found !== null && <Doer doing={doing} others={found.topics.filter(({ number }) => number !== doing.topic.number)} onclose={() => setDoing(null)} ondone={() => { setDoing(null); again(); }} />}
    </>
  );
}

function Topic({ topic, stage, weeks, ondo }: { topic: TopicView; stage: Stage; weeks: readonly string[]; ondo: (what: "rename" | "merge" | "split") => void }) {
  const words = research.value;
  const [last] = topic.askers;
  return (
    <section class="card topic" aria-label={titleOf(topic)}>
      <h2>{titleOf(topic)} {topic.is_new && <span class="tag">{words.isNew}</span>}</h2>
      {topic.name !== null && topic.name !== undefined && topic.terms.length > 0 && <p class="muted small">{topic.terms.join(words.comma)}</p>}
      <p><strong>{last === null || last === undefined ? words.fewAsked : words.askedBy(last)}</strong>{topic.growth !== null && topic.growth !== undefined && <> <span class={topic.growth >= 1.2 ? "topic-up" : "muted"}>{words.growth(topic.growth)}</span></>}</p>
      <table class="bins">
        <caption class="visually-hidden">{words.byWeek}</caption>
        <thead><tr>{weeks.map((week) => <th key={week} scope="col">{words.weekOf(week)}</th>)}</tr></thead>
        <tbody><tr>{topic.askers.map((count, i) => <td key={weeks[i]} class="digits">{count ?? words.underFive}</td>)}</tr></tbody>
      </table>
      {topic.exemplars.length > 0 && (
        <details>
          <summary>{words.exemplars}</summary>
          <ul class="plain topic-exemplars">{topic.exemplars.map((text) => <li key={text}>{flowed(text)}</li>)}</ul>
        </details>
      )}
      <Teaching topic={topic} stage={stage} title={titleOf(topic)} />
      <div class="row wrap">{(["rename", "merge", "split"] as const).map((what) => <button key={what} class="button small" onClick={() => ondo(what)}>{words.topicActs[what]}</button>)}</div>
    </section>
  );
}

function Doer({ doing: { what, topic }, others, onclose, ondone }: { doing: NonNullable<Doing>; others: readonly TopicView[]; onclose: () => void; ondone: () => void }) {
  const words = research.value;
  const [value, setValue] = useState(what === "rename" ? (topic.name ?? "") : "");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const act = async (): Promise<void> => {
    setBusy(true);
    setWrong(null);
    const done = what === "rename" ? api.renameTopic(topic.number, { name: value }) : what === "merge" ? api.mergeTopic(topic.number, { into: Number(value) }) : api.splitTopic(topic.number);
    await done.then(ondone, (error: unknown) => setWrong(sentence(error)));
    setBusy(false);
  };
  return (
    <Dialog title={words.topicActs[what]} onclose={onclose} actions={
      <>
        <button class="button" disabled={busy} onClick={onclose}>{say.value.no}</button>
        <button class="button primary" disabled={busy || (what === "merge" && value === "")} onClick={() => void act()}>{words.topicActs[what]}</button>
      </>
    }>
      <p>{words.topicWhat[what](titleOf(topic))}</p>
      {what === "rename" && <label class="field"><span>{words.topicName}</span><input value={value} maxLength={60} onInput={({ currentTarget }) => setValue(currentTarget.value)} /></label>}
      {what === "merge" && (
        <label class="field"><span>{words.mergeInto}</span>
          <select value={value} onChange={({ currentTarget }) => setValue(currentTarget.value)}>
            <option value="">{words.chooseTopic}</option>
            {others.map((other) => <option key={other.number} value={String(other.number)}>{titleOf(other)}</option>)}
          </select>
        </label>
      )}
      {wrong !== null && <Notice kind="error">{wrong}</Notice>}
    </Dialog>
  );
}
