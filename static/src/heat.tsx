// The heat map: a table, so that it prints, and a screen reader says row and column of each cell.
import { monday } from "./monday-words";
import type { HeatCell, HeatRow, MondayView, PointName } from "./protocol";
import { around, perMille, shade } from "./week";
import { say } from "./words";

export const nameOf = (point: PointName): string => point.name ?? monday.value.unlabelled;
/** Schools of one grade; of one school, or of the city, grades. */
export const bySchoolOf = (rows: readonly HeatRow[]): boolean => rows.some(({ school }) => school !== null) && rows.every(({ grade }) => grade === rows[0]!.grade);
export const whereOf = (row: HeatRow, bySchool: boolean): string => bySchool ? row.school ?? monday.value.others : say.value.grades[row.grade - 1]!;

export function Heat({ of, onpick }: { of: MondayView; onpick: ((row: HeatRow, point: PointName) => void) | undefined }) {
  const words = monday.value;
  const darkest = Math.max(0, ...of.rows.flatMap((row) => row.cells.map((cell) => cell?.rate?.share ?? 0)));
  const bySchool = bySchoolOf(of.rows);
  return (
    <section class="card card-heat" aria-labelledby="heat-title">
      <h2 id="heat-title">{words.heat}</h2>
      <p class="muted small">{words.heatMore}{onpick !== undefined && words.heatPick}</p>
      <div class="scroll heat-scroll" tabIndex={0} role="region" aria-labelledby="heat-title">
        <table class="heat">
          <thead>
            <tr>
              <th scope="col">{bySchool ? words.rowsSchool : words.rowsGrade}</th>
              {of.columns.map((point) => <th key={keyOf(point)} scope="col"><span class="muted small">{say.value.subjects[point.subject]} · {words.stages[point.stage]}</span><br />{nameOf(point)}</th>)}
            </tr>
          </thead>
          <tbody>
            {of.rows.map((row) => (
              <tr key={`${row.grade} ${row.school_id}`}>
                <th scope="row">{whereOf(row, bySchool)}{row.enrolled !== null && <span class="muted small"><br />{words.enrolledOf(row.enrolled)}</span>}</th>
                {row.cells.map((cell, n) => <Cell key={n} cell={cell} darkest={darkest} what={words.cellOf(whereOf(row, bySchool), nameOf(of.columns[n]!))} onpick={onpick === undefined || row.enrolled === null ? undefined : () => onpick(row, of.columns[n]!)} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="heat-key small muted" aria-hidden="true">{words.light} {[1, 2, 3, 4, 5].map((n) => <span key={n} class={`swatch shade-${n}`} />)} {words.dark}　{words.fewSign} {words.few}</p>
    </section>
  );
}

function Cell({ cell, darkest, what, onpick }: { cell: HeatCell | null; darkest: number; what: string; onpick: (() => void) | undefined }) {
  const words = monday.value;
  if (cell === null) return <td class="heat-few"><span aria-hidden="true">{words.fewSign}</span><span class="visually-hidden">{words.few}</span></td>;
  const told = cell.rate === null ? <>{words.askersOf(cell.askers)}</> : <><b>{perMille(cell.rate.share)}</b><span class="small">{around(cell.rate)}</span></>;
  return (
    <td class={`shade-${shade(cell.rate?.share ?? 0, darkest)}`}>
      {onpick === undefined ? <span class="heat-cell">{told}</span> : <button class="heat-cell" onClick={onpick}><span class="visually-hidden">{what}{say.value.list}</span>{told}</button>}
    </td>
  );
}

export const keyOf = (point: PointName): string => `${point.subject} ${point.stage} ${point.name}`;
