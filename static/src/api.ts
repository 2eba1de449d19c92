// Commands and snapshots over HTTP: what must not be lost carries a key, so that asking twice does no harm.
import { signal } from "@preact/signals";
import type {
  Activate, AnswerView, Ask, BackToQueue, BeginLesson, Breathe, Children, Choose, Correct, Decide, DutyView, EarningsView, Edit, Editions, Finish, GoOnDuty, HandBack, HeldQuestions, IceView, Judge, LabelModels, MergeTopic, Lessons, LessonsBeside, Me, Moment, Pairs, Pause, PointsView, Problem, QuestionView, Rate, Reliability, RenameTopic, ReplayView, Reviews, SayConsent, SayLabel, SchoolFilms, SchoolPupils,
  SessionSnapshot, SessionView, SignIn, Split, Stage, StudentState, Subject, TaxonomyView, TeacherState, Ticket, TopicList, ToSayList, Trust, Waiting,
} from "./protocol";
import { newId } from "./ids";

const PATIENCE_MS = 15_000;

/** The server refused, and says why in words for the person. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.en);
  }

  /** Worth another try later, with nothing changed. */
  get passing(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** Nobody answered: no network, or a server that is starting. */
export class Unreachable extends Error {}

export interface DemoAccount {
  login: string;
  password: string;
  role: string;
  nickname: string;
}

/** True once the server said that nobody is signed in. */
export const signedOut = signal(false);

let csrf = "";

export async function call<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
  const isSigningIn = path === "/api/sign-in" || path === "/api/activate";
  const needsToken = method !== "GET" && !isSigningIn;
  if (needsToken && csrf === "") await me(); // the page began without a network
  try {
    return await once<T>(method, path, body, key);
  } catch (error) {
    if (!needsToken || !(error instanceof Refusal) || error.status !== 403) throw error;
    const before = csrf;
    await me();
    if (csrf === before) throw error;
    return once<T>(method, path, body, key); // another tab had signed in anew
  }
}

async function once<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const response = await reach(path, { method, headers, credentials: "same-origin", body: body && JSON.stringify(body) });
  const said = await readJson(response);
  if (response.ok) return said as T;
  if (response.status === 401 && path !== "/api/sign-in") signedOut.value = true;
  throw new Refusal(response.status, asProblem(said, response.status));
}

async function reach(path: string, init: RequestInit & { body: string | undefined }): Promise<Response> {
  const cut = typeof AbortController === "undefined" ? undefined : new AbortController();
  const timer = setTimeout(() => cut?.abort(), PATIENCE_MS);
  try {
    const { body, ...rest } = init;
    return await fetch(path, { ...rest, ...(body && { body }), ...(cut && { signal: cut.signal }) });
  } catch (error) {
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text ? JSON.parse(text) : {};
  } catch {
    if (response.ok) throw new Unreachable("the answer broke off");
    return {};
  }
}

function asProblem(said: unknown, status: number): Problem {
  if (typeof said === "object" && said !== null && "zh" in said && "en" in said) return said as Problem;
  return { code: `http_${status}`, zh: "服务暂时没有响应，请稍后再试。", en: "The service is not answering; please try again.", detail: null };
}

function keep(me: Me): Me {
  csrf = me.csrf;
  signedOut.value = false;
  return me;
}

const post = <T>(path: string, body: object = {}, key: string = newId()): Promise<T> => call<T>("POST", path, body, key);

export const me = async (): Promise<Me> => keep(await call<Me>("GET", "/api/me"));
export const signIn = async (body: SignIn): Promise<Me> => keep(await post<Me>("/api/sign-in", body));
export const activate = async (body: Activate): Promise<Me> => keep(await post<Me>("/api/activate", body));
export const signOut = (): Promise<unknown> => post("/api/sign-out");
export const demo = (): Promise<{ accounts: DemoAccount[] }> => call("GET", "/api/demo");
export const ticket = async (): Promise<string> => (await post<Ticket>("/api/tickets")).ticket;

/** The page as it stands, or the questions before one. */
export const student = (before: string | null = null): Promise<StudentState> => call("GET", before === null ? "/api/student" : `/api/student?before=${before}`);
export const ask = (body: Ask, key: string): Promise<QuestionView> => post("/api/questions", body, key);
export const correct = (id: string, body: Correct): Promise<QuestionView> => post(`/api/questions/${id}/correct`, body);
export const choose = (id: string, body: Choose): Promise<QuestionView> => post(`/api/questions/${id}/choose`, body);
export const solved = (id: string): Promise<QuestionView> => post(`/api/questions/${id}/solved`);
export const back = (id: string, body: BackToQueue): Promise<QuestionView> => post(`/api/questions/${id}/back`, body);
export const withdraw = (id: string): Promise<QuestionView> => post(`/api/questions/${id}/withdraw`);
export const reopen = (id: string): Promise<QuestionView> => post(`/api/questions/${id}/reopen`);

export const teacher = (): Promise<TeacherState> => call("GET", "/api/teacher");
export const duty = (body: GoOnDuty): Promise<DutyView> => post("/api/duty", body);
export const accept = (offer: string): Promise<SessionView> => post(`/api/offers/${offer}/accept`, {}, `accept-${offer}`);
export const decline = (offer: string): Promise<DutyView> => post(`/api/offers/${offer}/decline`, {}, `decline-${offer}`);
export const pairs = (): Promise<Pairs> => call("GET", "/api/matches");
export const judge = (question: string, body: Judge): Promise<Pairs> => post(`/api/questions/${question}/judge`, body);
export const topics = (subject: Subject, stage: Stage): Promise<TopicList> => call("GET", `/api/research/topics?subject=${subject}&stage=${stage}`);
export const renameTopic = (number: number, body: RenameTopic): Promise<unknown> => post(`/api/research/topics/${number}/rename`, body);
export const mergeTopic = (number: number, body: MergeTopic): Promise<unknown> => post(`/api/research/topics/${number}/merge`, body);
export const splitTopic = (number: number): Promise<unknown> => post(`/api/research/topics/${number}/split`);
export const toSay = (subject: Subject, stage: Stage): Promise<ToSayList> => call("GET", `/api/research/to-say?subject=${subject}&stage=${stage}`);
export const sayLabel = (question: string, body: SayLabel): Promise<unknown> => post(`/api/research/questions/${question}/label`, body);
export const labelModels = (): Promise<LabelModels> => call("GET", "/api/research/models");
export const held = (): Promise<HeldQuestions> => call("GET", "/api/held");
export const judgeHeld = (question: string, body: SayLabel): Promise<HeldQuestions> => post(`/api/held/${question}`, body);
export const points = (subject: Subject, grade: number): Promise<PointsView> => call("GET", `/api/points?subject=${subject}&grade=${grade}`);
export const taxonomy = (): Promise<TaxonomyView> => call("GET", "/api/research/taxonomy");
export const reliability = (): Promise<Reliability> => call("GET", "/api/research/reliability");
export const earnings = (): Promise<EarningsView> => call("GET", "/api/earnings");

export const session = (id: string): Promise<SessionSnapshot> => call("GET", `/api/sessions/${id}`);
export const finish = (id: string, body: Finish, key: string): Promise<AnswerView> => post(`/api/sessions/${id}/finish`, body, key);
export const pause = (id: string, body: Pause): Promise<SessionView> => post(`/api/sessions/${id}/pause`, body);
export const here = (id: string): Promise<unknown> => post(`/api/sessions/${id}/here`);
export const breathe = (body: Breathe): Promise<DutyView> => post("/api/breath", body);
export const edit = (answer: string, body: Edit): Promise<AnswerView> => post(`/api/answers/${answer}/edit`, body);
export const split = (answer: string, body: Split): Promise<AnswerView> => post(`/api/answers/${answer}/split`, body);
export const retake = (answer: string, body: Moment): Promise<SessionView> => post(`/api/answers/${answer}/retake`, body);
export const editions = (answer: string): Promise<Editions> => call("GET", `/api/answers/${answer}/editions`);
export const restore = (answer: string, number: number): Promise<AnswerView> => post(`/api/answers/${answer}/editions/${number}`);
export const waiting = (): Promise<Waiting> => call("GET", "/api/waiting");
export const record = (question: string): Promise<SessionView> => post(`/api/questions/${question}/record`);
export const lessons = (): Promise<Lessons> => call("GET", "/api/lessons");
export const lessonsBeside = (question: string): Promise<LessonsBeside> => call("GET", `/api/questions/${question}/lessons`);
export const beginLesson = (body: BeginLesson): Promise<SessionView> => post("/api/lessons", body);
export const drop = (session: string): Promise<DutyView> => post(`/api/sessions/${session}/drop`);
export const reviews = (): Promise<Reviews> => call("GET", "/api/reviews");
export const decide = (answer: string, body: Decide): Promise<AnswerView> => post(`/api/reviews/${answer}`, body);
export const trust = (teacher: string, body: Trust): Promise<Reviews> => post(`/api/reviews/teachers/${teacher}`, body);
export const pupils = (search: string): Promise<SchoolPupils> => call("GET", `/api/school/pupils?search=${encodeURIComponent(search)}`);
export const schoolFilms = (): Promise<SchoolFilms> => call("GET", "/api/school/films");
export const lectureVoice = (on: boolean): Promise<unknown> => post("/api/school/lecture-voice", { on });
export const sayConsent = (pupil: string, body: SayConsent): Promise<unknown> => post(`/api/school/pupils/${pupil}/consent`, body);
export const children = (): Promise<Children> => call("GET", "/api/children");
export const sayOwn = (child: string, body: SayConsent): Promise<unknown> => post(`/api/children/${child}/consent`, body);
export const takeDown = (answer: string): Promise<AnswerView> => post(`/api/answers/${answer}/take-down`);
export const rate = (answer: string, body: Rate): Promise<AnswerView> => post(`/api/answers/${answer}/rate`, body);
export const handBack = (id: string, body: HandBack): Promise<DutyView> => post(`/api/sessions/${id}/hand-back`, body);
/** What helps two to find a path, with passwords that last an evening. */
export async function ice(): Promise<RTCIceServer[]> {
  const { servers } = await call<IceView>("GET", "/api/ice");
  return servers.map(({ urls, username, credential }) => (username === null || credential === null ? { urls } : { urls, username, credential }));
}
export const replay = (answer: string): Promise<ReplayView> => call("GET", `/api/answers/${answer}/replay`);
export const answer = (id: string): Promise<AnswerView> => call("GET", `/api/answers/${id}`);
