// The bank for research: a search as it stands in the page's address, what is asked of the server, what is marked.
import { call } from "./api";
import type { BankPhoto, BankView, ChangeCohort, Cohorts, CohortView, KeepCohort } from "./protocol";

const NAMES = ["q", "figure", "subject", "stage", "grade", "point", "difficulty", "outcome", "topic", "school", "weeks", "until"] as const;
export type Name = (typeof NAMES)[number];
/** What somebody looks for: the whole state of the page, so that a link leads to the same. */
export type Search = Partial<Record<Name, string>>;
export const WEEKS = "13"; // unless another period is asked for
export const PERIODS = ["1", "4", "13", "26", "52"];
export const LONGEST = 500; // letters that are looked for

export function searchOf(given: Iterable<readonly [string, string]>): Search {
  const search: Search = {};
  for (const [name, value] of given) if ((NAMES as readonly string[]).includes(name) && value !== "") search[name as Name] = value;
  return search;
}

export function addressOf(search: Search, more: Record<string, string> = {}): string {
  const address = new URLSearchParams(more);
  for (const name of NAMES) if (search[name]) address.set(name, search[name]!);
  return address.toString();
}

/** One filter changed. What hangs from it goes with it: a knowledge point and a topic are of one subject and stage. */
export function changed(search: Search, change: Search): Search {
  const next: Search = { ...search, ...change };
  if ("subject" in change || "stage" in change) for (const name of ["point", "topic"] as const) if (!(name in change)) delete next[name];
  return searchOf(Object.entries(next) as [string, string][]);
}

export const find = (search: Search, skip = 0): Promise<BankView> => call("GET", `/api/research/bank?${addressOf(search, skip === 0 ? {} : { skip: String(skip) })}`);
export const readPhoto = (media_id: string): Promise<BankPhoto> => call("POST", "/api/research/bank/photos", { media_id });
export const photo = (id: string): Promise<BankPhoto> => call("GET", `/api/research/bank/photos/${id}`);
export const cohorts = (): Promise<Cohorts> => call("GET", "/api/research/cohorts");
export const cohort = (id: string): Promise<CohortView> => call("GET", `/api/research/cohorts/${encodeURIComponent(id)}`);
export const keep = (body: KeepCohort): Promise<Cohorts> => call("POST", "/api/research/cohorts", body);
export const change = (id: string, body: ChangeCohort): Promise<Cohorts> => call("POST", `/api/research/cohorts/${id}`, body);
export const forget = (id: string): Promise<Cohorts> => call("POST", `/api/research/cohorts/${id}/forget`);

/** A text in pieces, those that were looked for marked. Pairs that overlap are one mark. */
export function marked(text: string, terms: readonly string[]): (readonly [string, boolean])[] {
  const low = text.toLowerCase();
  const hit = new Array<boolean>(text.length).fill(false);
  if (low.length === text.length) {
    for (const term of terms) {
      const sought = term.toLowerCase();
      for (let at = sought === "" ? -1 : low.indexOf(sought); at >= 0; at = low.indexOf(sought, at + 1)) hit.fill(true, at, at + sought.length);
    }
  }
  const pieces: [string, boolean][] = [];
  for (let n = 0; n < text.length; n++) {
    const last = pieces[pieces.length - 1];
    if (last !== undefined && last[1] === hit[n]) last[0] += text[n];
    else pieces.push([text[n]!, hit[n]!]);
  }
  return pieces;
}
