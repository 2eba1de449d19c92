// A line through the weeks, with the same figures as a table.
import { monday } from "./monday-words";
import type { WeekSum } from "./protocol";
import { grouped, top } from "./week";

const WIDE = 640, HIGH = 160, LEFT = 44, BELOW = 24;

export function Trend({ line }: { line: readonly WeekSum[] }) {
  const words = monday.value;
  if (line.length < 2) return null;
  const most = top(Math.max(...line.map((each) => each.asked)));
  const x = (n: number): number => LEFT + (n * (WIDE - LEFT - 8)) / (line.length - 1);
  const y = (value: number): number => 8 + (1 - value / most) * (HIGH - BELOW - 8);
  const path = (value: (each: WeekSum) => number): string => line.map((each, n) => `${n === 0 ? "M" : "L"}${x(n).toFixed(1)} ${y(value(each)).toFixed(1)}`).join("");
  return (
    <section class="card" aria-labelledby="line-title">
      <h2 id="line-title">{words.line}</h2>
      <p class="muted small">{words.lineMore}</p>
      <svg class="trend" viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-labelledby="line-title" preserveAspectRatio="xMidYMid meet">
        {[0, 0.5, 1].map((part) => <g key={part}><path class="trend-rule" d={`M${LEFT} ${y(most * part)}H${WIDE - 8}`} /><text x={LEFT - 6} y={y(most * part) + 4} text-anchor="end">{grouped(most * part)}</text></g>)}
        <text x={LEFT} y={HIGH - 4}>{line[0]!.week}</text>
        <text x={WIDE - 8} y={HIGH - 4} text-anchor="end">{line[line.length - 1]!.week}</text>
        <path class="trend-asked" d={path((each) => each.asked)} />
        <path class="trend-unanswered" d={path((each) => each.unanswered)} />
      </svg>
      <p class="small"><span class="key key-asked">{words.asked}</span><span class="key key-unanswered">{words.unanswered}</span></p>
      <details class="as-table">
        <summary>{words.asTable}</summary>
        <div class="scroll"><table class="roll">
          <thead><tr><th scope="col">{words.week}</th><th scope="col">{words.asked}</th><th scope="col">{words.unanswered}</th></tr></thead>
          <tbody>{line.map((each) => <tr key={each.week}><th scope="row">{each.week}</th><td class="digits">{each.asked}</td><td class="digits">{each.unanswered}</td></tr>)}</tbody>
        </table></div>
      </details>
    </section>
  );
}
