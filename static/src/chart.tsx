// Lines over weeks or stages: the one place that knows the chart library (d3-scale and d3-shape, docs/adr/0112). Drawn as
// SVG of the page, which prints as sharp as its text; whoever draws one puts the table behind it.
import { scaleLinear, scalePoint } from "d3-scale";
import { line as lineOf } from "d3-shape";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Line {
  name: string;
  kind: "asked" | "unanswered";
  values: readonly number[];
}

interface Props {
  at: readonly string[]; // what the values are of, from left to right
  lines: readonly Line[];
  label: string; // all of it in words
  figure: (value: number) => string;
  high: number;
  inset?: number; // of the first and last value from the sides
  dots?: boolean;
}

const LEFT = 46, RIGHT = 10, ABOVE = 10, BELOW = 26;
const EACH = 110; // px between names under the chart
const WIDEST = 960;

export function Chart({ at, lines, label, figure, high, inset = 0, dots = false }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const wide = useWidth(box);
  const most = Math.max(...lines.flatMap(({ values }) => values));
  const y = scaleLinear([0, most > 0 ? most : 1], [high - BELOW, ABOVE]).nice(2);
  const x = scalePoint(at, [LEFT + inset, wide - RIGHT - inset]);
  const path = lineOf<number>((_, n) => x(at[n]!)!, (value) => y(value));
  const step = Math.max(1, Math.ceil(((at.length - 1) * EACH) / Math.max(EACH, wide - LEFT - RIGHT - 2 * inset)));
  const named = at.filter((_, n) => (at.length - 1 - n) % step === 0); // the last one always
  return (
    <div ref={box} class="chart">
      <svg viewBox={`0 0 ${wide} ${high}`} role="img" aria-label={label}>
        {y.ticks(2).map((value) => <g key={value}><path class="chart-rule" d={`M${LEFT} ${y(value)}H${wide - RIGHT}`} /><text x={LEFT - 6} y={y(value) + 4} text-anchor="end">{figure(value)}</text></g>)}
        {named.map((each) => <text key={each} x={x(each)} y={high - 6} text-anchor={dots ? "middle" : each === at[at.length - 1] ? "end" : each === at[0] ? "start" : "middle"}>{each}</text>)}
        {lines.map(({ name, kind, values }) => <path key={name} class={`chart-${kind}`} d={path([...values]) ?? ""} />)}
        {dots && lines.map(({ name, kind, values }) => values.map((value, n) => <circle key={`${name} ${n}`} class={`dot-${kind}`} cx={x(at[n]!)} cy={y(value)} r="3.5" />))}
      </svg>
      <p class="small">{lines.map(({ name, kind }) => <span key={name} class={`key key-${kind}`}>{name}</span>)}</p>
    </div>
  );
}

/** As wide as its place is, so that its words are as large as the page's. */
function useWidth(box: { current: HTMLDivElement | null }): number {
  const [wide, setWide] = useState(320);
  useEffect(() => {
    const measure = (): void => setWide(Math.min(WIDEST, Math.max(240, box.current?.clientWidth ?? 0)));
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return wide;
}
