// What a week comes to: its totals, the heat map, what moved, the line through time, all points.
import { Heat, keyOf, nameOf } from "./heat";
import { monday } from "./monday-words";
import type { HeatRow, MondayView, PointName, PointWeek, ShareView, WeekFigures } from "./protocol";
import { Trend } from "./trend";
import { around, grouped, percent, perMille, signed } from "./week";
import { say } from "./words";

export function Findings({ of, onpick }: { of: MondayView; onpick?: ((row: HeatRow, point: PointName) => void) | undefined }) {
  const words = monday.value;
  return (
    <>
      <Totals now={of.total} before={of.before} />
      {of.rows.length > 0 && <Heat of={of} onpick={onpick} />}
      <div class="monday-lists">
        <List id="risen" title={words.risen} none={words.noneRisen} points={of.risen} of={(each) => each.week} form={signed} unit={words.change} note={words.atLeast} />
        <List id="fallen" title={words.fallen} none={words.noneRisen} points={of.fallen} of={(each) => each.week} form={signed} unit={words.change} />
        <List id="hardest" title={words.hardest} none={words.noneHard} points={of.hardest} of={(each) => each.figures.stuck} form={percent} unit={words.stuck} note={words.byLow} />
      </div>
      <Trend line={of.line} />
      <All points={of.points} />
    </>
  );
}

function Totals({ now, before }: { now: WeekFigures; before: WeekFigures }) {
  const words = monday.value;
  const counted = (["asked", "askers", "unanswered", "reopened"] as const).map((name) => [words[name], grouped(now[name]), before.asked > 0 ? words.before(grouped(before[name])) : null] as const);
  const stuck = now.stuck === null ? null : [words.stuck, percent(now.stuck.share), around(now.stuck, percent)] as const;
  const waits = (["median", "p95"] as const).flatMap((name) => {
    const [seconds, then] = [now[`${name}_s`], before[`${name}_s`]];
    return seconds === null ? [] : [[words[name], words.seconds(seconds), then === null ? null : words.before(words.seconds(then))] as const];
  });
  return (
    <dl class="totals">
      {[...counted, ...(stuck ? [stuck] : []), ...waits].map(([name, value, more]) => <div key={name} class="card total"><dt>{name}</dt><dd><b class="digits">{value}</b>{more && <span class="muted small digits">{more}</span>}</dd></div>)}
    </dl>
  );
}

interface ListProps { id: string; title: string; none: string; points: PointWeek[]; of: (point: PointWeek) => ShareView | null; form: (share: number) => string; unit: string; note?: string }

function List({ id, title, none, points, of, form, unit, note }: ListProps) {
  const words = monday.value;
  const most = Math.max(...points.map((each) => Math.abs(of(each)?.share ?? 0)));
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {points.length === 0 ? <p class="muted">{none}</p> : (
        <table class="movers">
          <thead><tr><th scope="col">{words.point}</th><th scope="col">{unit}</th></tr></thead>
          <tbody>
            {points.map((each) => {
              const share = of(each)!;
              return (
                <tr key={keyOf(each.point)}>
                  <th scope="row">{nameOf(each.point)}<br /><span class="muted small">{say.value.subjects[each.point.subject]} · {words.stages[each.point.stage]}</span></th>
                  <td><meter class={`share mover-${id}`} min={0} max={most} value={Math.abs(share.share)} aria-hidden="true" /><b class="digits">{form(share.share)}</b><br /><span class="muted small digits" title={words.interval(form(share.low), form(share.high))}>{form(share.low)} … {form(share.high)}</span></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {note !== undefined && points.length > 0 && <p class="muted small">{note}</p>}
    </section>
  );
}

function All({ points }: { points: PointWeek[] }) {
  const words = monday.value;
  return (
    <details class="card all-points">
      <summary>{words.allPoints(points.length)}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.allPoints(points.length)}>
        <table class="roll">
          <thead><tr>{[words.point, words.asked, words.askers, words.rate, words.change, words.year, words.unanswered, words.reopened, words.stuck, words.median, words.p95].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
          <tbody>
            {points.map(({ point, figures, rate, week: grown, year }) => (
              <tr key={keyOf(point)}>
                <th scope="row">{nameOf(point)}<br /><span class="muted small">{say.value.subjects[point.subject]} · {words.stages[point.stage]}</span></th>
                <td class="digits">{figures.asked}</td><td class="digits">{figures.askers}</td>
                <td class="digits">{rate && <>{perMille(rate.share)}<br /><span class="muted small">{around(rate)}</span></>}</td>
                <td class="digits">{grown && <>{signed(grown.share)}<br /><span class="muted small">{signed(grown.low)} … {signed(grown.high)}</span></>}</td>
                <td class="digits">{year && <>{signed(year.share)}<br /><span class="muted small">{signed(year.low)} … {signed(year.high)}</span></>}</td>
                <td class="digits">{figures.unanswered}</td><td class="digits">{figures.reopened}</td>
                <td class="digits">{figures.stuck && <>{percent(figures.stuck.share)}<br /><span class="muted small">{around(figures.stuck, percent)}</span></>}</td>
                <td class="digits">{figures.median_s !== null && words.seconds(figures.median_s)}</td><td class="digits">{figures.p95_s !== null && words.seconds(figures.p95_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** On paper the table stands behind its chart. */
addEventListener("beforeprint", () => document.querySelectorAll<HTMLDetailsElement>("details.as-table").forEach((each) => (each.open = true)));
