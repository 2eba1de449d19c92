// A line through the weeks, with the same figures as a table.
import { Chart } from "./chart";
import { monday } from "./monday-words";
import type { WeekSum } from "./protocol";
import { grouped } from "./week";

export function Trend({ line }: { line: readonly WeekSum[] }) {
  const words = monday.value;
  if (line.length < 2) return null;
  return (
    <section class="card" aria-labelledby="line-title">
      <h2 id="line-title">{words.line}</h2>
      <p class="muted small">{words.lineMore}</p>
      <Chart at={line.map(({ week }) => week)} label={words.lineSaid(line.length, line[0]!, line[line.length - 1]!)} figure={grouped} high={170} lines={[
        { name: words.asked, kind: "asked", values: line.map(({ asked }) => asked) },
        { name: words.unanswered, kind: "unanswered", values: line.map(({ unanswered }) => unanswered) },
      ]} />
      <details class="as-table">
        <summary>{words.asTable}</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={words.asTable}><table class="roll">
          <thead><tr><th scope="col">{words.week}</th><th scope="col">{words.asked}</th><th scope="col">{words.unanswered}</th></tr></thead>
          <tbody>{line.map((each) => <tr key={each.week}><th scope="row">{each.week}</th><td class="digits">{grouped(each.asked)}</td><td class="digits">{grouped(each.unanswered)}</td></tr>)}</tbody>
        </table></div>
      </details>
    </section>
  );
}
