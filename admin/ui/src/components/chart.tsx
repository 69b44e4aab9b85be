// Bars over time, as SVG: nothing to load, readable by screen readers as a sentence and a table.
import type { Point } from "../api/types.ts";
import { number } from "../lib/format.ts";

const WIDTH = 600;
const HEIGHT = 140;

/** The next round number above: 1, 2 or 5 times a power of ten. */
export function niceTop(most: number): number {
  if (most <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most) ?? most;
}

export function clock(iso: string, spanMs: number): string {
  const at = new Date(iso);
  if (spanMs > 36 * 3_600_000) return at.toLocaleDateString(undefined, { weekday: "short", day: "numeric" });
  const time = { hour: "2-digit", minute: "2-digit" } as const;
  // The same hour comes twice in a day: which one is meant?
  return spanMs > 12 * 3_600_000
    ? at.toLocaleString(undefined, { weekday: "short", ...time })
    : at.toLocaleTimeString(undefined, time);
}

export function BarChart({ points, title, bad = false }: { points: Point[]; title: string; bad?: boolean }) {
  const most = Math.max(0, ...points.map((point) => point.value));
  const total = points.reduce((sum, point) => sum + point.value, 0);
  const top = niceTop(most);
  const step = WIDTH / Math.max(points.length, 1);
  const y = (value: number) => HEIGHT * (1 - value / top);
  const first = points[0];
  const last = points.at(-1);
  const span = first && last ? new Date(last.timestamp).getTime() - new Date(first.timestamp).getTime() : 0;
  // The words are beside the drawing, which is stretched to whatever room there is.
  return (
    <figure className="chart">
      <div className="chart-scale" aria-hidden="true">
        {[top, top / 2, 0].map((value) => (
          <span key={value}>{number(value)}</span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${number(total)} in all, at most ${number(most)} at a time`}
      >
        {[0, top / 2, top].map((value) => (
          <line key={value} x1={0} x2={WIDTH} y1={y(value)} y2={y(value)} />
        ))}
        {points.map((point, index) => (
          <rect
            key={point.timestamp}
            className={bad ? "bar bad" : "bar"}
            x={(index + 0.12) * step}
            width={step * 0.76}
            y={y(point.value)}
            height={HEIGHT - y(point.value)}
          >
            <title>{`${clock(point.timestamp, span)}: ${number(point.value)}`}</title>
          </rect>
        ))}
      </svg>
      <div className="chart-times" aria-hidden="true">
        <span>{first && clock(first.timestamp, span)}</span>
        <span>{last && "now"}</span>
      </div>
    </figure>
  );
}
