// What came of teaching a topic: two lines from before to after, in words what they allow to say, and the table behind.
import { proposalSay } from "./proposal-words";
import type { EffectView, RatesView } from "./protocol";
import { top } from "./week";
import { say } from "./words";

const WIDE = 320, HIGH = 150, LEFT = 40, RIGHT = 12, ABOVE = 10, BELOW = 26;

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
      {shown.length > 0 && <Slope lines={shown} />}
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

function Slope({ lines }: { lines: readonly (readonly [string, RatesView, "asked" | "unanswered"])[] }) {
  const words = proposalSay.value;
  const highest = Math.max(...lines.flatMap(([, rates]) => [rates.before, rates.after]));
  const most = highest < 1 ? Math.max(0.1, Math.ceil(highest * 10) / 10) : top(highest);
  const x = (n: number): number => LEFT + 30 + n * (WIDE - LEFT - RIGHT - 60);
  const y = (value: number): number => ABOVE + (1 - value / most) * (HIGH - ABOVE - BELOW);
  const told = lines.map(([name, rates]) => `${name} ${figure(rates.before)} → ${figure(rates.after)}`).join("; ");
  return (
    <>
      <p class="muted small">{words.perMille}</p>
      <svg class="trend slope" viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={told} preserveAspectRatio="xMidYMid meet">
        {[0, 0.5, 1].map((part) => <g key={part}><path class="trend-rule" d={`M${LEFT} ${y(most * part)}H${WIDE - RIGHT}`} /><text x={LEFT - 6} y={y(most * part) + 4} text-anchor="end">{+(most * part).toFixed(2)}</text></g>)}
        <text x={x(0)} y={HIGH - 6} text-anchor="middle">{words.before}</text>
        <text x={x(1)} y={HIGH - 6} text-anchor="middle">{words.after}</text>
        {lines.map(([name, rates, kind]) => <g key={name}><path class={`trend-${kind}`} d={`M${x(0)} ${y(rates.before).toFixed(1)}L${x(1)} ${y(rates.after).toFixed(1)}`} />{[rates.before, rates.after].map((value, n) => <circle key={n} class={`dot-${kind}`} cx={x(n)} cy={y(value)} r="3.5" />)}</g>)}
      </svg>
      <p class="small">{lines.map(([name, , kind]) => <span key={name} class={`key key-${kind}`}>{name}</span>)}</p>
    </>
  );
}
