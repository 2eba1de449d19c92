// What came of teaching a topic: two lines from before to after, in words what they allow to say, and the table behind.
import { Chart } from "./chart";
import { proposalSay } from "./proposal-words";
import type { EffectView, RatesView } from "./protocol";
import { say } from "./words";

const figure = (n: number): string => n.toFixed(Math.abs(n) < 10 ? 2 : 1);
const signed = (n: number): string => `${n > 0 ? "+" : n < 0 ? "−" : ""}${figure(Math.abs(n))}`;
const percent = (share: number): string => `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(share * 100).toFixed(0)}%`;

/** In words; an interval that holds nothing of interest says so. */
export function saidOf(effect: EffectView): string[] {
  const words = proposalSay.value;
  const { change, method } = effect;
  if (effect.verdict !== "told" || change == null) return [words.verdicts[effect.verdict](effect)];
  const [form, plain] = method === "schools" ? [signed, figure] : [percent, (n: number) => `${(n * 100).toFixed(0)}%`];
  const amount = plain(Math.abs(change.middle));
  const middle = method === "schools" ? (change.middle < 0 ? words.less(amount) : words.more(amount)) : change.middle < 0 ? words.lessShare(amount) : words.moreShare(amount);
  const told = method === "schools" ? words.bySchools(middle, form(change.low), form(change.high), effect.units, effect.control_units) : words.byTopics(middle, form(change.low), form(change.high), effect.units);
  return [told, change.low <= 0 && change.high >= 0 ? words.unsure : words.sure];
}

export function Effect({ effect, label }: { effect: EffectView; label: string }) {
  const words = proposalSay.value;
  const { reached, control, change, method, grades } = effect;
  const mine = method === "schools" ? words.reached : words.city;
  const lines = [[mine, reached, "asked"], [words.control, control, "unanswered"]] as const;
  const shown = lines.filter((line): line is readonly [string, RatesView, "asked" | "unanswered"] => line[1] != null);
  return (
    <section class="effect" aria-label={`${words.effect}${say.value.list}${label}`}>
      <h4>{words.effect}</h4>
      {shown.length > 0 && (
        <>
          <p class="muted small">{words.perMille}</p>
          <Chart at={[words.before, words.after]} label={shown.map(([name, rates]) => `${name} ${figure(rates.before)} → ${figure(rates.after)}`).join("; ")} figure={(value) => String(+value.toFixed(2))} high={150} inset={56} dots lines={shown.map(([name, rates, kind]) => ({ name, kind, values: [rates.before, rates.after] }))} />
        </>
      )}
      {saidOf(effect).filter(Boolean).map((line) => <p key={line}>{line}</p>)}
      {effect.verdict !== "waits" && <p class="muted small">{words.taughtOn(effect.taught_on)}{method === "schools" && grades.length > 0 && words.ofGrades(grades.map((grade) => say.value.grades[grade - 1]).join(say.value.list))}</p>}
      {shown.length > 0 && (
        <details class="as-table">
          <summary>{words.asTable}</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label={words.asTable}><table class="roll">
            <caption class="small muted">{words.perMille}</caption>
            <thead><tr><td />{[words.before, words.after].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>{shown.map(([name, rates]) => <tr key={name}><th scope="row">{name}</th><td class="digits">{figure(rates.before)}</td><td class="digits">{figure(rates.after)}</td></tr>)}</tbody>
            {change != null && <tfoot><tr><th scope="row">{words.difference}</th><td class="digits" colSpan={2}>{method === "schools" ? signed(change.middle) : percent(change.middle)}（{words.interval} {method === "schools" ? signed(change.low) : percent(change.low)} … {method === "schools" ? signed(change.high) : percent(change.high)}）</td></tr></tfoot>}
          </table></div>
        </details>
      )}
    </section>
  );
}
