// The bank's facets: what questions are narrowed down by, each value with how many there are.
import { useState } from "preact/hooks";
import { PERIODS, type Name, type Search, WEEKS } from "./bank";
import { bank } from "./bank-words";
import type { BankView } from "./protocol";
import { grouped } from "./week";
import { say } from "./words";

const UNLABELLED = "-";

type Value = readonly [value: string, name: string, asked: number | null];

/** What a value is called. */
export function nameOf(of: BankView, name: Name, value: string): string {
  const words = bank.value;
  switch (name) {
    case "subject": return (say.value.subjects as Record<string, string>)[value] ?? value;
    case "stage": return words.stages[value] ?? value;
    case "grade": return say.value.grades[Number(value) - 1] ?? value;
    case "difficulty": return (words.difficulties as Record<string, string>)[value] ?? value;
    case "outcome": return (words.outcomes as Record<string, string>)[value] ?? value;
    case "point": return value === UNLABELLED ? words.unlabelled : value;
    case "topic": return of.topics.find((each) => String(each.number) === value)?.name ?? `${words.topic} ${value}`;
    case "school": return of.schools.find((each) => each.id === value)?.name ?? words.school;
    default: return value;
  }
}

export function Facets({ of, search, onlook }: { of: BankView; search: Search; onlook: (change: Search) => void }) {
  const words = bank.value;
  const wide = typeof matchMedia === "undefined" || matchMedia("(min-width: 900px)").matches;
  const [shown, setShown] = useState(wide);
  const counts = (name: Name): Value[] => (of.facets.find((each) => each.name === name)?.counts ?? []).map(({ value, asked }) => [value, nameOf(of, name, value), asked]);
  const chosen = Object.keys(search).filter((name) => name !== "q" && name !== "figure").length;
  const scoped = search.subject !== undefined && search.stage !== undefined;
  const weeks = of.facets.find((each) => each.name === "week")?.counts ?? [];
  return (
    <details class="card bank-facets" open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>{words.filters}{chosen > 0 && ` (${chosen})`}</summary>
      <Few name="subject" values={counts("subject")} search={search} onlook={onlook} />
      <Few name="stage" values={counts("stage")} search={search} onlook={onlook} />
      <Few name="outcome" values={counts("outcome")} search={search} onlook={onlook} />
      <Few name="difficulty" values={counts("difficulty")} search={search} onlook={onlook} />
      <Many name="grade" values={counts("grade")} search={search} onlook={onlook} />
      {scoped ? (
        <>
          <Many name="point" values={of.points.map(({ name, depth, asked }) => [name, `${"　".repeat(depth)}${nameOf(of, "point", name)}`, asked])} search={search} onlook={onlook} />
          {(of.topics.length > 0 || search.topic !== undefined) && <Many name="topic" values={of.topics.map(({ number, name, asked }) => [String(number), name, asked])} search={search} onlook={onlook} />}
        </>
      ) : <p class="muted small">{words.pickScope}</p>}
      {(of.schools.length > 0 || search.school !== undefined) && <Many name="school" values={of.schools.map(({ id, name, asked }) => [id, name, asked])} search={search} onlook={onlook} />}
      <label class="field"><span>{words.weeks}</span>
        <select value={search.weeks ?? WEEKS} onChange={(event) => onlook({ weeks: event.currentTarget.value === WEEKS ? "" : event.currentTarget.value })}>
          {PERIODS.map((each) => <option key={each} value={each} selected={each === (search.weeks ?? WEEKS)}>{words.periods[each]}</option>)}
        </select>
      </label>
      <label class="field"><span>{words.until}</span>
        <select value={search.until ?? ""} onChange={(event) => onlook({ until: event.currentTarget.value })}>
          <option value="">{words.latest}</option>
          {[...new Set([...(search.until === undefined ? [] : [search.until]), ...of.weeks])].map((each) => <option key={each} value={each} selected={each === search.until}>{words.weekOf(each)}</option>)}
        </select>
      </label>
      {weeks.length > 1 && (
        <details class="bank-weeks">
          <summary>{words.byWeek}</summary>
          <ul>{weeks.map(({ value, asked }) => <li key={value}><button class="facet" onClick={() => onlook({ until: value, weeks: "1" })}><span>{value}</span><span class="digits">{grouped(asked)}</span></button></li>)}</ul>
        </details>
      )}
    </details>
  );
}

interface Of { name: Name; values: readonly Value[]; search: Search; onlook: (change: Search) => void }

/** Each value to be pressed, and pressed again to be left. */
function Few({ name, values, search, onlook }: Of) {
  const chosen = search[name];
  const shown = chosen === undefined || values.some(([value]) => value === chosen) ? values : [...values, [chosen, nameOf(EMPTY, name, chosen), 0] as const];
  if (shown.length === 0) return null;
  const label = bank.value[name as "subject"];
  return (
    <fieldset class="facet-group">
      <legend>{label}</legend>
      <div class="facet-values">
        {shown.map(([value, told, asked]) => <button key={value} class="facet" aria-pressed={value === chosen} onClick={() => onlook({ [name]: value === chosen ? "" : value })}><span>{told}</span>{asked !== null && <span class="digits">{grouped(asked)}</span>}</button>)}
      </div>
    </fieldset>
  );
}

function Many({ name, values, search, onlook }: Of) {
  const words = bank.value;
  const chosen = search[name] ?? "";
  const shown = chosen === "" || values.some(([value]) => value === chosen) ? values : [...values, [chosen, nameOf(EMPTY, name, chosen), 0] as const];
  if (shown.length === 0) return null;
  return (
    <label class="field"><span>{words[name as "grade"]}</span>
      <select value={chosen} onChange={(event) => onlook({ [name]: event.currentTarget.value })}>
        <option value="">{words.all}</option>
        {shown.map(([value, told, asked]) => <option key={value} value={value} selected={value === chosen}>{told}{asked !== null && ` (${grouped(asked)})`}</option>)}
      </select>
    </label>
  );
}

const EMPTY: BankView = { weeks: [], total: 0, items: [], more: false, terms: [], by_meaning: true, wordless: false, answers: [], facets: [], points: [], topics: [], schools: [], without: [], moved: [] };
