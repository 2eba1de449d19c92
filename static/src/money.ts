// The doors of the money (server/web/subsidies.py).
import { call } from "./api";
import { newId } from "./ids";
import type { AppraisalView, CommentAppraisal, MonthStatements, MoveMonth, OfficeView, PayeesImported, PayeesView, PublicView, ReviewHold, StatementLines, SettlePayout, Simulate, SimulationView, TeacherMonth, TermView, TraceView, VerifyView } from "./protocol";

const post = <T>(path: string, body: object = {}): Promise<T> => call<T>("POST", path, body, newId());
const month = (name: string): string => `month=${encodeURIComponent(name)}`;

export const mine = (name: string | null): Promise<TeacherMonth> => call("GET", name === null ? "/api/subsidy/mine" : `/api/subsidy/mine?${month(name)}`);
export const appeal = (statement_id: string, words: string): Promise<unknown> => post("/api/subsidy/appeals", { statement_id, words });
export const appraisal = (days?: TermView): Promise<AppraisalView> => call("GET", days === undefined ? "/api/subsidy/appraisal" : `/api/subsidy/appraisal?first=${days.first}&until=${days.until}`);
export const comment = (body: CommentAppraisal): Promise<unknown> => post("/api/subsidy/appraisal", body);
export const appraisalPdf = (of: AppraisalView): string => `/api/subsidy/appraisal/pdf?first=${of.first}&until=${of.until}`;
export const appraisalOf = (teacher: string): string => `/api/subsidy/appraisal/pdf?teacher=${teacher}`;
export const office = (): Promise<OfficeView> => call("GET", "/api/subsidy/office");
export const statements = (name: string): Promise<MonthStatements> => call("GET", `/api/subsidy/statements?${month(name)}`);
export const statementLines = (id: string): Promise<StatementLines> => call("GET", `/api/subsidy/statements/${id}`);
export const payees = (): Promise<PayeesView> => call("GET", "/api/subsidy/payees");
export const bringPayees = (file: string): Promise<PayeesImported> => post("/api/subsidy/payees", { file });
export const published = (): Promise<PublicView> => call("GET", "/api/subsidy/public");
export const moveMonth = (body: MoveMonth): Promise<OfficeView> => post("/api/subsidy/months", body);
export const review = (body: ReviewHold): Promise<OfficeView> => post("/api/subsidy/reviews", body);
export const reply = (id: string, words: string): Promise<unknown> => post(`/api/subsidy/appeals/${id}/reply`, { words });
export const propose = (document: string): Promise<OfficeView> => post("/api/subsidy/policies", { document });
export const approve = (id: string): Promise<OfficeView> => post(`/api/subsidy/policies/${id}/approve`);
export const simulate = (body: Simulate): Promise<SimulationView> => post("/api/subsidy/simulations", body);
export const settle = (id: string, body: SettlePayout): Promise<unknown> => post(`/api/subsidy/payouts/${id}`, body);
export const trace = (fact: string): Promise<TraceView> => call("GET", `/api/subsidy/trace?fact=${encodeURIComponent(fact)}`);
export const verify = (): Promise<VerifyView> => call("GET", "/api/subsidy/verify");
export const pdfOf = (statement: string): string => `/api/subsidy/statements/${statement}/pdf`;
export const batchOf = (name: string, form: "xlsx" | "csv"): string => `/api/subsidy/batch?${month(name)}&form=${form}`;
