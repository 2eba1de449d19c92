// A week for research: what is asked of the server, and how its figures are said.
import { call } from "./api";
import type { Exemplars, MondayView, PointName, ShareView } from "./protocol";

/** What a researcher looks at; it stands in the page's address, so that a link leads to the same. */
export interface Facets {
  week?: string;
  subject?: string;
  grade?: string;
  school?: string;
}
const NAMES = ["week", "subject", "grade", "school"] as const;

export function facetsOf(search: string): Facets {
  const given = new URLSearchParams(search);
  const facets: Facets = {};
  for (const name of NAMES) {
    const value = given.get(name);
    if (value) facets[name] = value;
  }
  return facets;
}

export function searchOf(facets: Facets, more: Record<string, string> = {}): string {
  const search = new URLSearchParams(more);
  for (const name of NAMES) if (facets[name]) search.set(name, facets[name]!);
  return search.toString();
}

export const week = (facets: Facets): Promise<MondayView> => call("GET", `/api/research/week?${searchOf(facets)}`);
export const exemplars = (facets: Facets, point: PointName): Promise<Exemplars> => call("GET", `/api/research/exemplars?${searchOf({ ...facets, subject: point.subject }, { stage: point.stage, point: point.name ?? "" })}`);

/** The last day of a week, given its Monday. */
export function sundayOf(monday: string): string {
  const day = new Date(`${monday}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 6);
  return day.toISOString().slice(0, 10);
}

export const perMille = (share: number): string => (share * 1000).toFixed(Math.abs(share) < 0.0995 ? 1 : 0);
export const signed = (share: number): string => (share > 0 ? "+" : share < 0 ? "−" : "") + perMille(Math.abs(share));
export const grouped = (n: number): string => n.toLocaleString("en");
export const percent = (share: number): string => `${(share * 100).toFixed(0)}%`;
export const around = ({ low, high }: ShareView, form: (share: number) => string = perMille): string => `${form(low)}–${form(high)}`;

/** How dark a cell is, 0 to 5: a fifth of the darkest each. */
export function shade(share: number, darkest: number): number {
  return darkest <= 0 || share <= 0 ? 0 : Math.min(5, 1 + Math.floor((share / darkest) * 4.999));
}
