// Generated from server/live/protocol.py by `python -m server.live.typescript`; changes belong there.
// Times are ISO 8601 in UTC, money is whole fen, ids are UUIDs as strings.

export const MAX_FRAME = 65536;

export type Outcome = "seen" | "solved" | "stuck" | "reopened" | "unanswered";

export type Purpose = "service" | "recording" | "public_video" | "research" | "lecture";

export type Presence = "off" | "ready" | "offered" | "answering" | "away";

export type Difficulty = "concept" | "method" | "reading" | "calculation";

export type Fitness = "question" | "no_question" | "inappropriate";

export type Kind = "subject" | "stage" | "point" | "difficulty" | "fitness";

export type Source = "model" | "teacher" | "researcher" | "reviewer";

export type LectureState = "planned" | "open" | "live" | "over" | "cancelled";

export type PlaceState = "seated" | "waiting" | "left";

export type Role = "student" | "guardian" | "teacher" | "lecturer" | "reviewer" | "researcher" | "research_head" | "duty_admin" | "finance" | "auditor" | "school_admin" | "operator";

export type Stage = "primary" | "junior" | "senior";

export type Subject = "chinese" | "math" | "english" | "physics" | "chemistry" | "biology" | "history" | "geography" | "politics" | "science";

export type Form = "lecture" | "lesson";

export type ProposalState = "open" | "taken" | "declined" | "withdrawn" | "expired";

export type State = "received" | "reading" | "matched" | "suggested" | "following" | "waiting" | "offered" | "answering" | "answered" | "resolved" | "withdrawn";

export type Verdict = "same" | "open" | "similar" | "new";

export type TeachingWork = "demonstration" | "training" | "observed";

export type LineState = "shown" | "held" | "hidden" | "answered";

/** A stored file; the addresses are signed and last some minutes. */
export interface MediaView {
  id: string;
  kind: "photo" | "voice" | "video" | "recording" | "material";
  content_type: string;
  url: string;
  thumb_url: string | null;
  width: number | null;
  height: number | null;
  duration_ms: number | null;
  peaks: number[] | null;
}

/** One thing that was compared between the asked and the answered problem. */
export interface Reason {
  kind: string;
  agrees: boolean;
  asked: string;
  known: string;
}

/** One of the problems on a photo that shows several; `box` is left, top, right, bottom in shares of the photo. */
export interface ProblemView {
  number: number;
  media_id: string;
  text: string;
  box: number[];
}

/** An answered problem: its video once rendered, and the text that was asked then. */
export interface AnswerView {
  id: string;
  state: "rendering" | "published" | "failed" | "withdrawn";
  subject: Subject;
  stage: Stage;
  problem_text: string;
  teacher_name: string;
  made_at: string;
  duration_ms: number | null;
  video_url: string | null;
  poster_url: string | null;
  captions_url: string | null;
  progress: number;
  knowledge_points: string[];
  stars: number | null;
  remaking: boolean;
  is_cut: boolean;
  is_masked: boolean;
  title: string | null;
  review: "not_needed" | "waiting" | "approved" | "sent_back";
  review_words: string | null;
}

/** An answered video shown to a pupil, with the reason why it matched. */
export interface SuggestionView {
  answer: AnswerView;
  verdict: Verdict;
  confidence: number;
  reasons: Reason[];
}

/** A question as its pupil sees it; `version` grows with every change. */
export interface QuestionView {
  id: string;
  version: number;
  state: State;
  subject: Subject;
  grade: number;
  text: string;
  read_text: string;
  received_at: string;
  media: MediaView[];
  turned_away: boolean;
  corrected: boolean;
  problems: ProblemView[];
  chosen: number | null;
  verdict: Verdict | null;
  followers: number;
  leader_state: State | null;
  place: number | null;
  wait_s: number | null;
  promised_at: string | null;
  suggestion: SuggestionView | null;
  worked_examples: SuggestionView[];
  answer: AnswerView | null;
  more_answers: AnswerView[];
  being_recorded: boolean;
  session_id: string | null;
  watch_id: string | null;
  teacher_name: string | null;
  answered_at: string | null;
}

/** A question offered to a teacher, until `expires_at`. */
export interface OfferView {
  id: string;
  question_id: string;
  subject: Subject;
  grade: number;
  text: string;
  read_text: string;
  media: MediaView[];
  followers: number;
  asked_at: string;
  made_at: string;
  expires_at: string;
  worked_examples: SuggestionView[];
}

/** A teacher's own duty: presence, the one offer, the one session, what waits. */
export interface DutyView {
  version: number;
  presence: Presence;
  offer: OfferView | null;
  session_id: string | null;
  alone: boolean;
  waiting: number;
  breath_s: number;
  rests_until: string | null;
}

/** One line of what a teacher earned, with its cause. */
export interface EarningView {
  id: string;
  amount_fen: number;
  work: string;
  done_at: string;
  question_id: string | null;
  subject: Subject | null;
  summary: string;
}

export interface EarningsView {
  total_fen: number;
  month_fen: number;
  lines: EarningView[];
}

/** One numbered operation of a board's log; `body` is what `domain/board.py` allows for `kind`. */
export interface BoardLine {
  seq: number;
  id: string;
  author: string;
  kind: string;
  body: Record<string, unknown>;
  at_ms: number;
}

/** Something of the same subject that the pupil was explained before. */
export interface RelatedView {
  answer_id: string;
  problem_text: string;
  answered_at: string;
}

/** What a board's log amounts to up to `seq`: pages in their order, marks and what was said in the log's. */
export interface BoardSnapshot {
  seq: number;
  current: string | null;
  locked: boolean;
  pages: Record<string, unknown>[];
  marks: Record<string, unknown>[];
  said: Record<string, unknown>[];
}

/** A model takes the question for one of another subject or stage than its pupil chose; nothing is changed by it. */
export interface Doubt {
  kind: "subject" | "stage";
  chosen: string;
  told: string;
  confidence: number;
}

/** A live session (同屏答疑) as either side sees it; `author` values are "teacher" and "student". */
export interface SessionView {
  id: string;
  version: number;
  question_id: string | null;
  state: "open" | "ended";
  me: "teacher" | "student" | "follower";
  teacher_name: string;
  assignment_epoch: number;
  opened_at: string;
  ended_at: string | null;
  subject: Subject;
  grade: number;
  text: string;
  read_text: string;
  media: MediaView[];
  followers: number;
  peer_online: boolean;
  ends_at: string;
  active_at: string;
  paused_at: string | null;
  ended_why: "finished" | "handed_back" | "teacher_gone" | "silent" | "withdrawn" | "dropped" | null;
  kind: "live" | "answer" | "lesson" | "retake";
  title: string;
  keeps_pupil: boolean;
  related: RelatedView[];
  knowledge_points: string[];
  doubts: Doubt[];
  difficulty: Difficulty | null;
  reminder: string;
}

/** A session with its board (what is kept, and the lines since), and the point of its channel to listen on from. */
export interface SessionSnapshot {
  session: SessionView;
  board: BoardSnapshot | null;
  log: BoardLine[];
  media: Record<string, MediaView>;
  epoch: string;
  offset: number;
}

/** An answer to be watched as ink and voice, from the moment its session ended; the video comes later. `at_ms` of the log, `start_ms` and what is heard count by the session's clock. Until the voice is put together (`voice_url`) the ink is all there is, from its first mark on. What was typed is for the two of the session only. */
export interface ReplayView {
  answer: AnswerView;
  log: BoardLine[];
  media: Record<string, MediaView>;
  voice_url: string | null;
  start_ms: number;
}

/** A STUN or TURN server (RFC 8489, RFC 8656) as browsers take it. */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
}

/** What helps the two of a session to find a path for their voices. */
export interface IceView {
  servers: IceServer[];
}

/** Whoever is signed in. */
export interface Me {
  id: string;
  login: string;
  nickname: string;
  roles: Role[];
  grade: number | null;
  subjects: Subject[];
  csrf: string;
  demo: boolean;
  channel: string;
}

/** A pupil's page as it stands, and the point of the pupil's channel from which to listen on. What is not over is always there; of the rest the newest, and with `?before={earlier}` those before them. */
export interface StudentState {
  questions: QuestionView[];
  epoch: string;
  offset: number;
  earlier: string | null;
}

/** A question beside what it was matched with: an answer, or the question that it follows. */
export interface PairView {
  question_id: string;
  known_id: string;
  subject: Subject;
  grade: number;
  asked: string;
  known: string;
  verdict: Verdict;
  asked_at: string;
  confidence: number | null;
  outcome: "not_mine" | "still_stuck" | null;
}

/** Matches that a teacher may judge, the most doubtful first. */
export interface Pairs {
  pairs: PairView[];
}

/** Judged matches whose probability lies from `low` to `high`: the mean of it, and the share that were right. */
export interface Bin {
  low: number;
  high: number;
  count: number;
  mean: number;
  share: number;
}

/** How sure the matcher was of a subject's matches and how often it was right; bins of fewer than five are left out. `bar` is the probability that a push needs, `precision` the share of right pushes. */
export interface SubjectReliability {
  subject: Subject;
  labels: number;
  bar: number;
  bins: Bin[];
  precision: number | null;
}

/** `calibration` is the number of the one in force, 0 before any. */
export interface Reliability {
  calibration: number;
  since: string | null;
  subjects: SubjectReliability[];
}

/** A share, or how much one grew, with its 95 % interval. */
export interface ShareView {
  share: number;
  low: number;
  high: number;
}

/** A knowledge point: its name is its own within a subject and stage. None: not labelled yet. */
export interface PointName {
  subject: Subject;
  stage: Stage;
  name: string | null;
}

/** Sums of what is told of a week. `askers` are pupils; waits are in seconds. */
export interface WeekFigures {
  asked: number;
  askers: number;
  solved: number;
  unanswered: number;
  reopened: number;
  stuck: ShareView | null;
  median_s: number | null;
  p95_s: number | null;
}

/** A knowledge point in a week: the share of the pupils who asked, and how much it grew since. */
export interface PointWeek {
  point: PointName;
  figures: WeekFigures;
  rate: ShareView | null;
  week: ShareView | null;
  year: ShareView | null;
}

export interface HeatCell {
  asked: number;
  askers: number;
  rate: ShareView | null;
}

/** A grade, or a school of the grade that was asked for; neither school nor `enrolled`: all smaller ones. */
export interface HeatRow {
  grade: number;
  cells: (HeatCell | null)[];
  school: string | null;
  school_id: string | null;
  enrolled: number | null;
}

export interface SchoolName {
  id: string;
  name: string;
}

export interface WeekSum {
  week: string;
  asked: number;
  unanswered: number;
}

/** A week for research: where what was not understood. Every number is a sum of groups of at least five pupils. */
export interface MondayView {
  week: string | null;
  weeks: string[];
  schools: SchoolName[];
  total: WeekFigures;
  before: WeekFigures;
  columns: PointName[];
  rows: HeatRow[];
  points: PointWeek[];
  risen: PointWeek[];
  fallen: PointWeek[];
  hardest: PointWeek[];
  line: WeekSum[];
}

/** A question that stands for a cell, without its pupil: what became of it, its answer, and the masked photo that the answer's video shows. */
export interface ExemplarView {
  text: string;
  outcome: "solved" | "stuck" | "reopened" | "seen";
  answer: AnswerView;
  photo_url: string | null;
}

export interface Exemplars {
  exemplars: ExemplarView[];
}

/** How many questions of the bank have a value; with all other filters. */
export interface BankCount {
  value: string;
  asked: number;
}

/** What questions are narrowed down by; values that none has are left out. */
export interface BankFacet {
  name: string;
  counts: BankCount[];
}

/** A knowledge point or an area, with what is below it; `-` are questions that are not labelled yet. */
export interface BankPoint {
  name: string;
  depth: number;
  asked: number;
}

export interface BankTopic {
  number: number;
  name: string;
  asked: number;
}

export interface BankSchool {
  id: string;
  name: string;
  asked: number;
}

/** What was looked for has another name now, or is a part of another; None: it is gone. */
export interface BankMoved {
  what: "point" | "topic";
  was: string;
  now: string | null;
}

/** A question without its pupil, and why it was found. Its place is told as finely as its week tells it. */
export interface BankItem {
  week: string;
  subject: Subject | null;
  stage: Stage | null;
  grade: number | null;
  point: string | null;
  text: string;
  outcome: Outcome | null;
  difficulty: Difficulty | null;
  answer: AnswerView | null;
  photo_url: string | null;
  alike: number;
  by_words: boolean;
  by_figure: boolean;
  sure: number | null;
}

/** What is found in the bank, and how many there are by each facet. Only whole weeks, in units of five pupils. */
export interface BankView {
  weeks: string[];
  total: number;
  items: BankItem[];
  more: boolean;
  terms: string[];
  by_meaning: boolean;
  wordless: boolean;
  answers: AnswerView[];
  facets: BankFacet[];
  points: BankPoint[];
  topics: BankTopic[];
  schools: BankSchool[];
  without: BankCount[];
  moved: BankMoved[];
}

/** An uploaded photo to search by; it is read and thrown away. */
export interface ReadPhoto {
  media_id: string;
}

/** What was read of a photo; `figure` is the hash of the drawing beside it. */
export interface BankProblem {
  text: string;
  figure: string | null;
}

export interface BankPhoto {
  id: string;
  state: "reading" | "read" | "failed";
  problems: BankProblem[];
}

/** A search to be kept under a name; names and values as in the page's address. */
export interface KeepCohort {
  title: string;
  search: Record<string, string>;
  shared?: boolean;
}

/** What is left out stays. */
export interface ChangeCohort {
  title?: string | null;
  search?: Record<string, string> | null;
  shared?: boolean | null;
}

/** A kept search; opening it gives what the bank has now. `who` is told of what others share. */
export interface CohortView {
  id: string;
  title: string;
  search: Record<string, string>;
  shared: boolean;
  mine: boolean;
  who: string;
  made_at: string;
  moved: BankMoved[];
}

/** One's own and those that are shared, by name. */
export interface Cohorts {
  cohorts: CohortView[];
}

/** An archived report; without a school, the city's. */
export interface ReportLine {
  id: string;
  week: string;
  made_at: string;
}

export interface Reports {
  reports: ReportLine[];
  schools: SchoolName[];
}

/** What was told of a week when it was over; what is labelled anew later leaves it as it is. */
export interface Report {
  made_at: string;
  week: MondayView;
  school: string | null;
}

/** Days as YYYY-MM-DD; `until` is not included, `expires_on` is. */
export interface AskProject {
  title: string;
  purpose: string;
  first: string;
  until: string;
  expires_on: string;
}

export interface DecideProject {
  approve: boolean;
}

export interface MakeExport {
  form: "parquet" | "csv" | "xlsx";
}

/** A file of a project; `left_out` counts rows of groups that were too small. */
export interface ExportLine {
  id: string;
  form: "parquet" | "csv" | "xlsx";
  state: "making" | "ready" | "failed" | "gone";
  asked_at: string;
  rows: number | null;
  left_out: number | null;
  size: number | null;
}

export interface ProjectNote {
  at: string;
  act: string;
  who: string | null;
}

export interface ProjectView {
  id: string;
  title: string;
  purpose: string;
  first: string;
  until: string;
  expires_on: string;
  state: "asked" | "approved" | "refused" | "expired";
  asked_by: string;
  mine: boolean;
  exports: ExportLine[];
  log: ProjectNote[];
  decided_by: string | null;
}

/** A column of an export. */
export interface ColumnView {
  name: string;
  kind: string;
  zh: string;
  en: string;
}

export interface ProjectsView {
  projects: ProjectView[];
  columns: ColumnView[];
}

/** Who takes data away says the password once more. */
export interface FetchExport {
  password: string;
}

/** Signed; it lasts some minutes. */
export interface ExportAddress {
  url: string;
}

/** A knowledge point, or an area that holds some; `parent` is a code. */
export interface TaxonomyPoint {
  code: string;
  name: string;
  parent: string | null;
  subject: Subject;
  stage: Stage;
  first_grade: number;
  last_grade: number;
}

/** A version that was imported; `relabelled` counts questions and answers whose point got another name by it. */
export interface TaxonomyVersion {
  number: number;
  file_name: string;
  made_at: string;
  size: number;
  relabelled: number;
}

/** The taxonomy in force, in its file's order, and its versions, the newest first. */
export interface TaxonomyView {
  points_in_force: TaxonomyPoint[];
  versions: TaxonomyVersion[];
}

export interface FoundPoint {
  name: string;
  area: string;
}

/** The points in force of a subject and a grade's stage, in the taxonomy's order, for teachers to find one by name or area. */
export interface PointsView {
  points: FoundPoint[];
}

/** What many ask about. `askers` and `asked` are of the last whole weeks, the newest first; None where fewer than five pupils asked. `name` is a person's; without one the telling terms stand for it. */
export interface TopicView {
  number: number;
  name: string | null;
  terms: string[];
  exemplars: string[];
  born_on: string;
  is_new: boolean;
  askers: (number | null)[];
  asked: (number | null)[];
  growth: number | null;
  proposals: number;
}

/** Topics of a subject and stage that five pupils or more asked about in one of the last four weeks. */
export interface TopicList {
  weeks: string[];
  topics: TopicView[];
}

export interface PersonName {
  person_id: string;
  name: string;
}

/** When and for whom a lecture was planned for somebody; no schools: all of them. */
export interface PlanView {
  about: string;
  starts_at: string;
  ends_at: string;
  capacity: number;
  schools: string[];
}

/** Questions of 1,000 enrolled pupils a week. */
export interface RatesView {
  before: number;
  after: number;
}

/** With its 95 % interval. By schools: questions of 1,000 pupils a week more or fewer than without; by topics: the share more or fewer than expected. */
export interface ChangeView {
  middle: number;
  low: number;
  high: number;
}

/** What came of teaching a topic. `waits`: it can be told from `told_from` on. `units` are schools that were reached, or the topics that are the control; `control_units` schools that were not reached. */
export interface EffectView {
  verdict: "waits" | "short" | "few" | "thin" | "told";
  taught_on: string;
  told_from: string;
  method: "schools" | "topics" | null;
  reached: RatesView | null;
  control: RatesView | null;
  change: ChangeView | null;
  units: number;
  control_units: number;
  grades: number[];
}

/** The lecture, or the micro-lesson, that a proposal became. */
export interface TaughtBy {
  what: "lecture" | "lesson";
  state: "planned" | "open" | "live" | "over" | "cancelled" | "recording" | "shown" | "hidden";
  title: string;
  at: string | null;
  lecture_id: string | null;
  lesson_id: string | null;
}

/** A proposal as research staff see it. `invited` is None before it was counted, and 0 for fewer than five. */
export interface ProposalView {
  proposal_id: string;
  form: Form;
  title: string;
  note: string;
  grades: number[];
  knowledge_points: string[];
  state: ProposalState;
  proposed_at: string;
  expires_at: string;
  proposed_by: string;
  wanted: string | null;
  wanted_gone: boolean;
  taken_by: string | null;
  why: string | null;
  plan: PlanView | null;
  taught: TaughtBy | null;
  invited: number | null;
  effect: EffectView | null;
}

/** What was proposed from a topic, the newest first; who may teach it, and the schools that a lecture may be for. */
export interface TopicTeaching {
  proposals: ProposalView[];
  lecturers: PersonName[];
  teachers: PersonName[];
  schools: SchoolName[];
  knowledge_points: string[];
}

/** A proposal as it is offered to who may teach it: what is asked, how many asked in each of the last whole weeks (None: fewer than five), examples as they were read; no name of any pupil. */
export interface ProposalOffer {
  proposal_id: string;
  form: Form;
  title: string;
  note: string;
  subject: Subject;
  stage: Stage;
  grades: number[];
  knowledge_points: string[];
  terms: string[];
  exemplars: string[];
  askers: (number | null)[];
  proposed_by: string;
  expires_at: string;
  is_mine: boolean;
  taken: boolean;
  plan: PlanView | null;
  taught: TaughtBy | null;
  invited: number | null;
}

export interface ProposalOffers {
  proposals: ProposalOffer[];
}

/** You asked about this, and it is taught: a lecture to come, its replay, or a micro-lesson. */
export interface InvitationView {
  proposal_id: string;
  what: "lecture" | "replay" | "lesson";
  title: string;
  about: string;
  teacher_name: string;
  starts_at: string | null;
  seats_left: number | null;
  lecture_id: string | null;
  lesson_id: string | null;
}

export interface Invitations {
  invitations: InvitationView[];
}

/** For a lecture that is planned for somebody; no schools: all of them. */
export interface ProposedPlan {
  starts_at: string;
  ends_at: string;
  capacity: number;
  about?: string;
  schools?: string[];
}

/** `wanted_id`: who should teach it; without one it is open to all who teach the subject. `plan` needs one. */
export interface ProposeTeaching {
  form: Form;
  title: string;
  grades: number[];
  knowledge_points?: string[];
  note?: string;
  wanted_id?: string | null;
  plan?: ProposedPlan | null;
}

export interface DeclineProposal {
  why?: string;
}

/** How an entry was worded before. */
export interface EntryWording {
  kind: TeachingWork;
  day: string;
  note: string;
  made_at: string;
}

/** Something that was done for a quota, as it is worded now, and before, the oldest first. */
export interface WorkEntry {
  entry_id: string;
  kind: TeachingWork;
  day: string;
  note: string;
  struck: boolean;
  made_at: string;
  before: EntryWording[];
}

/** What somebody owes of a kind: `lectures` held and `lessons` published may count by themselves. */
export interface QuotaLine {
  kind: TeachingWork;
  target: number | null;
  lectures: boolean;
  lessons: boolean;
  noted: number;
  by_itself: number;
}

export interface QuotaPerson {
  person_id: string;
  name: string;
  lines: QuotaLine[];
  entries: WorkEntry[];
}

/** A quarter (2026-Q1) of one's own, or for the head of research of all the staff. */
export interface QuotaBoard {
  quarter: string;
  quarters: string[];
  closed: boolean;
  may_set: boolean;
  people: QuotaPerson[];
}

/** The day as YYYY-MM-DD; it decides the quarter. */
export interface NoteWork {
  kind: TeachingWork;
  day: string;
  note: string;
}

export interface SetTarget {
  quarter: string;
  kind: TeachingWork;
  target: number;
  lectures?: boolean;
  lessons?: boolean;
}

/** Another name; empty: its telling terms again. */
export interface RenameTopic {
  name: string;
}

/** Into which other. */
export interface MergeTopic {
  into: number;
}

/** A question whose point nobody has said; whose it is, is not told. `point` is a model's, where one is sure. */
export interface ToSay {
  question_id: string;
  subject: Subject;
  grade: number;
  text: string;
  asked_at: string;
  doubts: Doubt[];
  point: string | null;
  point_sure: number | null;
  difficulty: Difficulty | null;
  difficulty_by: Source | null;
}

/** Those of a subject and stage, doubtful ones first. */
export interface ToSayList {
  questions: ToSay[];
}

/** One word on one question. */
export interface SayLabel {
  kind: Kind;
  value: string;
}

/** What a model takes for no question, or for an inappropriate one. */
export interface HeldQuestion {
  question_id: string;
  subject: Subject;
  grade: number;
  text: string;
  asked_at: string;
  told: Fitness;
  confidence: number;
}

/** For the reviewer, the latest first. */
export interface HeldQuestions {
  questions: HeldQuestion[];
}

/** Held-out questions that people labelled so: how many, and what the model took them for. */
export interface ClassMarks {
  label: string;
  count: number;
  told: Record<string, number>;
}

/** How a model did on problems that it had not seen. `precision` is of what it says, `said` the share of that. */
export interface LabelMarks {
  texts: number;
  accuracy: number;
  said: number;
  precision: number | null;
  at_90: number;
}

/** The latest model of a kind and scope, and what came of it: `why` says whether it serves and if not, why. */
export interface LabelModel {
  number: number;
  kind: Kind;
  scope: string;
  made_at: string;
  serves: number | null;
  why: string;
  labels: number;
  problems: number;
  bar: number | null;
  held_out: LabelMarks | null;
  before: LabelMarks | null;
  confusion: ClassMarks[];
}

/** What is labelled by models, and how well. */
export interface LabelModels {
  models: LabelModel[];
}

/** A pupil's place in a lecture; `ahead` counts those before it on the waiting list. */
export interface PlaceView {
  state: PlaceState;
  ahead: number | null;
}

/** Pages that the lecturer brings to a lecture; `pages` are their pictures, where they are asked for. */
export interface MaterialView {
  id: string;
  name: string;
  count: number;
  pages: MediaView[];
}

/** A lecture as anybody sees who may; `place` is the reader's own and is never in an event. */
export interface LectureView {
  id: string;
  version: number;
  state: LectureState;
  title: string;
  about: string;
  subject: Subject;
  stage: Stage;
  grades: number[];
  knowledge_points: string[];
  starts_at: string;
  ends_at: string;
  capacity: number;
  taken: number;
  waiting: number;
  lecturer_name: string;
  channel: string;
  cover: MediaView | null;
  cancelled_why: string | null;
  place: PlaceView | null;
  schools: string[];
  materials: MaterialView[];
}

/** Lectures in the order in which they begin; `more` says that there are later ones. */
export interface Lectures {
  lectures: LectureView[];
  more: boolean;
}

/** The lectures that a pupil holds a place in, and the point of the pupil's channel from which to listen on. */
export interface MyLectures {
  lectures: LectureView[];
  epoch: string;
  offset: number;
}

/** A lecture, and the point of its channel from which to listen on. */
export interface LectureSnapshot {
  lecture: LectureView;
  epoch: string;
  offset: number;
}

/** Something said in a lecture's room. What is held or hidden is told to the lecturer and reviewers alone; to the others a hidden line comes without its text. */
export interface LineView {
  number: number;
  kind: "chat" | "question";
  author_name: string;
  text: string;
  state: LineState;
  votes: number;
  said_at: string;
  by_lecturer: boolean;
  why_held: "contact" | "link" | "abuse" | null;
  by_hand: boolean;
}

/** The lecturer's microphone is on the air; `muted` while only silence is recorded; `picture`: her camera is too. */
export interface TakeView {
  number: number;
  muted: boolean;
  picture: boolean;
}

/** A pupil who has the word by a raised hand is asked to speak or, when it is `open`, is heard; until then at the latest. The room is told no name. */
export interface FloorView {
  number: number;
  hand: number;
  open: boolean;
  until_at: string;
}

/** How the room is just now; its version is the lecture's. */
export interface RoomState {
  lecture_id: string;
  version: number;
  state: LectureState;
  started_at: string | null;
  ended_at: string | null;
  slow_s: number;
  epoch: number;
  take: TakeView | null;
  has_the_word: number | null;
  floor: FloorView | null;
}

/** Where lines that are held or hidden are told, and the point from which to listen on. */
export interface StaffChannel {
  channel: string;
  epoch: string;
  offset: number;
}

/** How a lecturer's camera is seen: the type of the track whose parts come as `picture` to who listens to the channel; and addresses of playlists for this person alone: of the picture, and of `whole`, in which a browser finds the picture and the sound and either without the other. */
export interface PictureView {
  type: string;
  playlist: string;
  whole: string;
}

/** How a lecture is heard: the type and the beginning (base64) of the track whose parts come as `sound`; and, where a browser can't join parts, the address of its playlist, for this person alone. `picture` is None where there is none, and none to come; `voices` is the playlist of pupils who speak, whose parts come as `spoken`. */
export interface SoundView {
  type: string;
  initialisation: string;
  playlist: string;
  picture: PictureView | null;
  voices: string | null;
}

/** What the lecturer asks the room, and how many chose each option; `right`, counted from 1, is for the lecturer alone until it is closed. */
export interface PollView {
  number: number;
  version: number;
  text: string;
  options: string[];
  counts: number[];
  at_ms: number;
  closed: boolean;
  quiz: boolean;
  right: number | null;
}

/** A pupil's own, counted from 1. */
export interface PollAnswer {
  number: number;
  option: number;
}

/** A pupil's own raised hand; `ahead` counts those that went up before it. `by_voice` is what may become of it where the lecturer asks to hear it: "no", "heard" by the room alone, or "kept" in the replay, too. */
export interface HandPlace {
  number: number;
  ahead: number;
  by_voice: "no" | "heard" | "kept";
}

export interface HandView {
  number: number;
  nickname: string;
  raised_at: string;
  taken: boolean;
  may_speak: boolean;
  kept: boolean;
}

/** The line of raised hands for who keeps the room; `count` are those that wait, also where more than are shown. */
export interface HandsView {
  count: number;
  hands: HandView[];
}

/** A pupil who was asked will speak, on this page; `may_keep` where it was told that the replay keeps it. */
export interface SayYes {
  page: string;
  may_keep: boolean;
}

export interface FloorOpened {
  number: number;
}

/** Whoever is asked or heard is so no more, and may be kept from more. */
export interface CutFloor {
  then?: "mute" | "remove" | null;
}

/** A stretch of a lecture in which many were lost, on the lecture's own clock; `most` in its worst half minute. */
export interface MarkView {
  from_ms: number;
  to_ms: number;
  most: number;
}

/** How many were lost in each half minute of a lecture, of all who came so far. */
export interface LostView {
  counts: number[];
  came: number;
  marks: MarkView[];
}

/** Who may not speak, or not be there; `number` is a line of theirs, by which the rule is taken back. */
export interface MutedView {
  number: number;
  nickname: string;
  since: string;
  removed: boolean;
}

export interface Muted {
  pupils: MutedView[];
}

/** Where the lecturer's camera is told to who wants to see it, and the point from which to listen. */
export interface PictureChannel {
  channel: string;
  epoch: string;
  offset: number;
}

/** A lecture's room with its whole board, and the points of its channels from which to listen on. */
export interface RoomSnapshot {
  lecture: LectureView;
  room: RoomState;
  me: "lecturer" | "pupil" | "reviewer";
  channel: string;
  board: BoardSnapshot | null;
  log: BoardLine[];
  media: Record<string, MediaView>;
  lines: LineView[];
  voted: number[];
  muted: boolean;
  epoch: string;
  offset: number;
  staff: StaffChannel | null;
  sound: SoundView | null;
  pictures: PictureChannel | null;
  polls: PollView[];
  answered: PollAnswer[];
  hand: HandPlace | null;
  hands: HandsView | null;
  lost: LostView | null;
}

/** One video of a lecture; `progress` in percent. `download_url` is for those who may take it with them. */
export interface LectureFilm {
  state: "making" | "ready" | "failed";
  progress: number;
  url: string | null;
  poster_url: string | null;
  content_type: string | null;
  duration_ms: number | null;
  size: number | null;
  download_url: string | null;
}

/** A lecture that was open for a school, and its one video. */
export interface SchoolFilm {
  lecture_id: string;
  title: string;
  lecturer_name: string;
  subject: Subject;
  grades: number[];
  held_at: string;
  film: LectureFilm;
}

export interface SchoolFilms {
  films: SchoolFilm[];
  more: boolean;
}

/** What was said, in writing: brought by the lecturer or heard by the speech model; pupils see what is shown. */
export interface CaptionsState {
  state: "shown" | "waiting" | "refused";
  source: "brought" | "heard";
}

/** A moment of a lecture at which something is written or said, and what. */
export interface LectureMoment {
  at_ms: number;
  kind: "page" | "board" | "caption";
  text: string;
}

export interface Moments {
  moments: LectureMoment[];
  more: boolean;
}

/** How many cues a file brought; with any mistake none. */
export interface CaptionsBrought {
  cues: number;
  mistakes: string[];
  captions: CaptionsState | null;
}

/** A lecture that is over, as it was: the board's log, and a playlist of its sound with the moment of each take. All times are ms from its beginning. */
export interface LectureReplay {
  lecture: LectureView;
  log: BoardLine[];
  media: Record<string, MediaView>;
  sound: SoundView;
  started_at: string;
  lasts_ms: number;
  kept_until: string;
  views: number;
  marks: MarkView[];
  shown: boolean;
  me: "lecturer" | "pupil" | "reviewer";
  film: LectureFilm | null;
  captions: CaptionsState | null;
  stopped_ms: number;
}

/** A lecture on the air, as far as one may step back in it: the board's log after the line that was asked for, and a playlist of its sound that grows. `lasts_ms` is how far it goes. */
export interface LectureRewind {
  log: BoardLine[];
  media: Record<string, MediaView>;
  sound: SoundView;
  started_at: string;
  lasts_ms: number;
}

/** A pupil's time in the room, in seconds; `here` is whether just now. */
export interface ListenerView {
  nickname: string;
  seconds: number;
  here: boolean;
}

export interface Attendance {
  here: number;
  listeners: ListenerView[];
}

/** What came of a lecture: minutes on air, seats taken, who came and how long, what was asked, polls, where many were lost. `hands` counts pupils, `heard` how often one had the word. */
export interface LectureFigures {
  minutes: number;
  enrolled: number;
  came: number;
  mean_minutes: number;
  questions: number;
  answered: number;
  chat: number;
  hands: number;
  heard: number;
  polls: PollView[];
  lost: LostView;
  listeners: ListenerView[];
}

/** A lecture as a reviewer sees it: how many are there, and how many lines wait for a look. */
export interface OnAirView {
  lecture: LectureView;
  here: number;
  held: number;
}

export interface OnAir {
  lectures: OnAirView[];
}

export interface SchoolView {
  id: string;
  name: string;
}

/** A lecturer's page as it stands: lectures to come first, then what was; and the schools that one may be for. */
export interface LecturerState {
  lectures: LectureView[];
  schools: SchoolView[];
}

/** A teacher's page as it stands, and the point of the teacher's channel from which to listen on. */
export interface TeacherState {
  duty: DutyView;
  earnings: EarningsView;
  epoch: string;
  offset: number;
}

export interface SignIn {
  login: string;
  password: string;
}

/** First sign-in of a person from a school's roster. */
export interface Activate {
  login: string;
  code: string;
  password: string;
}

/** A one-use ticket that opens one socket within 30 seconds. */
export interface Ticket {
  ticket: string;
  expires_at: string;
}

export interface StartUpload {
  kind: "photo" | "voice" | "video" | "recording" | "material";
  content_type: string;
  session_id?: string | null;
  ago_ms?: number;
}

/** An upload under way: which parts have arrived; each part has its own signed address. */
export interface UploadView {
  id: string;
  part_size: number;
  max_bytes: number;
  arrived: number[];
}

/** Asks for signed addresses of the parts with these numbers (0, 1, 2, …). */
export interface SignParts {
  parts: number[];
}

export interface PartUrls {
  urls: Record<string, string>;
  expires_in_s: number;
}

export interface CompleteUpload {
  parts: number;
  size: number;
  sha256: string;
}

/** A new question; the Idempotency-Key header makes a repeat harmless. */
export interface Ask {
  subject: Subject;
  grade: number;
  text?: string;
  media?: string[];
}

/** The whole problem as it should have been read. */
export interface Correct {
  text: string;
}

/** The number of the problem that is meant, of those on the photo. */
export interface Choose {
  number: number;
}

export interface BackToQueue {
  why: "not_mine" | "still_stuck";
}

/** Whether the question is the same problem as what it was matched with. */
export interface Judge {
  known_id: string;
  same: boolean;
}

export interface GoOnDuty {
  presence: "ready" | "away" | "off";
}

/** Ends a session with an answer; the epoch fences a teacher who lost the question meanwhile. */
export interface Finish {
  assignment_epoch: number;
  recordings?: string[];
  knowledge_points?: string[];
  difficulty?: Difficulty | null;
  asked_about?: Subject | null;
  asked_at?: Stage | null;
}

export interface Pause {
  on: boolean;
}

/** Seconds between two questions: 0, 30, 60, 120 or 300. */
export interface Breathe {
  breath_s: number;
}

/** From and to, in ms. */
export interface Span {
  from_ms: number;
  to_ms: number;
}

/** A region of a page that is hidden, in units of the page; from and to in ms of the video, or neither: for good. */
export interface Mask {
  page: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
  from_ms?: number | null;
  to_ms?: number | null;
}

/** Spans to leave out, in ms of the video as it is now, and regions to hide; or `whole`: all of it again. */
export interface Edit {
  cuts?: Span[];
  masks?: Mask[];
  whole?: boolean;
}

/** From `at_ms` of the video on it answers another problem. */
export interface Split {
  at_ms: number;
  problem_text: string;
}

/** Of a video, in ms. */
export interface Moment {
  at_ms: number;
}

/** A video that was made of an answer: what is new about it, and whether it is the one that is watched. */
export interface EditionView {
  number: number;
  why: "made" | "cut" | "masked" | "retaken" | "whole" | "made again";
  made_at: string;
  duration_ms: number;
  is_shown: boolean;
}

export interface Editions {
  editions: EditionView[];
}

/** A question in the queue as a teacher sees it who may answer it by a recording. */
export interface WaitingView {
  question_id: string;
  subject: Subject;
  grade: number;
  text: string;
  photos: number;
  followers: number;
  asked_at: string;
  promised_at: string | null;
}

/** The oldest first. */
export interface Waiting {
  questions: WaitingView[];
}

/** A short lesson on one knowledge point, with no question behind it. */
export interface BeginLesson {
  title: string;
  subject: Subject;
  grade: number;
  knowledge_point: string;
}

/** Lessons of a teacher's own that answer nobody's question. */
export interface Lessons {
  lessons: AnswerView[];
}

/** A micro-lesson of the library: a film that was imported, or one that a teacher recorded here; `seen` is the share that the reader has watched. */
export interface LessonView {
  id: string;
  source: "film" | "recording";
  title: string;
  subject: Subject;
  stage: Stage;
  grade: number;
  knowledge_points: string[];
  teacher_name: string;
  duration_ms: number;
  poster_url: string | null;
  book: string;
  chapter: string;
  series: string;
  questions: number;
  seen: number;
}

/** A textbook that there are lessons for, with its chapters. */
export interface BookView {
  book: string;
  chapters: string[];
}

/** A page of the catalogue; the first one names the books and series that the others may be narrowed to. */
export interface Library {
  lessons: LessonView[];
  more: boolean;
  books: BookView[];
  series: string[];
}

export interface QuizView {
  text: string;
  options: string[];
}

/** A lesson to be watched: a film by its address, a recording as the answer that it is. */
export interface LessonPage {
  lesson: LessonView;
  about: string;
  video_url: string | null;
  quiz: QuizView[];
  series: LessonView[];
  answer: AnswerView | null;
}

/** The right options, counted from 1, and how many of the reader's were. */
export interface QuizResult {
  right: number[];
  count: number;
}

/** Lessons on what a question is about. */
export interface LessonsBeside {
  lessons: LessonView[];
}

/** How a lesson is watched: pupils, minutes, the share of them who saw it to its end, and the share of its quiz that was right at the first go. Of fewer than five pupils nothing is told. */
export interface LessonFigures {
  lesson_id: string;
  title: string;
  subject: Subject;
  grade: number;
  pupils: number | null;
  minutes: number | null;
  whole: number | null;
  quiz_right: number | null;
}

export interface LibraryFigures {
  lessons: LessonFigures[];
}

/** An answer for a reviewer to look at. */
export interface ReviewView {
  answer: AnswerView;
  teacher_id: string;
  teacher_trusted: boolean;
  edition: number;
  has_pupil: boolean;
  earlier: string[];
}

/** A replay that pupils wait for, or captions that were brought to one. */
export interface LectureToReview {
  lecture_id: string;
  what: "replay" | "captions";
  title: string;
  lecturer_name: string;
  subject: Subject;
  since: string;
}

/** The oldest first; `waiting` counts all answers. `rule` is whose answers are reviewed. */
export interface Reviews {
  rule: "at_once" | "trusted" | "all";
  waiting: number;
  answers: ReviewView[];
  lectures: LectureToReview[];
}

export interface Decide {
  decision: "approve" | "send_back" | "take_down";
  words?: string;
}

export interface Trust {
  on: boolean;
}

/** A pupil of one's own school, or one's own child, with what the guardian agrees to. That staff reads this is written down. */
export interface PupilView {
  id: string;
  login: string;
  real_name: string;
  grade: number | null;
  agreed: Purpose[];
  said_at: string | null;
  heard_in: number;
}

/** A guardian's own. */
export interface Children {
  wording: string;
  children: PupilView[];
}

export interface SchoolPupils {
  school: string;
  wording: string;
  pupils: PupilView[];
  more: boolean;
  lecture_voice: boolean;
}

/** Whether pupils of the school may speak in lectures, where their guardians agree. */
export interface LectureVoice {
  on: boolean;
}

/** A guardian's word on one purpose, and the version of the words that it is about. */
export interface SayConsent {
  purpose: Purpose;
  given: boolean;
  wording: string;
}

/** One to five. */
export interface Rate {
  stars: number;
}

export interface HandBack {
  assignment_epoch: number;
}

/** What a lecturer decides; no schools: all of them. */
export interface PlanLecture {
  title: string;
  subject: Subject;
  stage: Stage;
  grades: number[];
  starts_at: string;
  ends_at: string;
  capacity: number;
  about?: string;
  knowledge_points?: string[];
  schools?: string[];
  cover_id?: string | null;
}

/** Why: every pupil with a place reads it. */
export interface CancelLecture {
  why: string;
}

/** An upload of kind `material` that is ready, and the name that it goes by. */
export interface AddMaterial {
  material_id: string;
  name: string;
}

/** A line of chat, or a question; `line_id` is made by the page and makes a repeat harmless. */
export interface SayInRoom {
  line_id: string;
  kind: "chat" | "question";
  text: string;
}

/** Two to six options; `right`, counted from 1, makes it a quiz. `poll_id` is made by the page and makes a repeat harmless. */
export interface AskPoll {
  poll_id: string;
  text: string;
  options: string[];
  right?: number | null;
}

/** The option, counted from 1. */
export interface AnswerPoll {
  option: number;
}

/** What of a lesson was played since the last report. */
export interface Played {
  spans: Span[];
}

/** One option for each question, counted from 1. */
export interface AnswerQuiz {
  options: number[];
}

export interface ShowLesson {
  shown: boolean;
}

/** What becomes of a line: shown, hidden, or a question that was answered. */
export interface JudgeLine {
  becomes: "shown" | "hidden" | "answered";
}

/** Whether pupils may watch it: a reviewer says both, its lecturer takes it away. */
export interface ShowReplay {
  shown: boolean;
}

/** What was played of a replay since the last report, in ms of the lecture's clock; and where it stands. */
export interface WatchedSpans {
  spans: Span[];
  at_ms?: number | null;
}

/** A WebVTT file. */
export interface BringCaptions {
  text: string;
}

export interface ShowCaptions {
  shown: boolean;
}

/** What its author may do from now on: be silent, speak again, or leave the room for good. */
export interface RuleAuthor {
  rule: "mute" | "unmute" | "remove";
}

/** Seconds between two lines of one pupil: 0, 5, 15, 30 or 60. */
export interface SlowDown {
  slow_s: number;
}

export interface DemoAccount {
  login: string;
  password: string;
  role: Role;
  nickname: string;
}

/** The accounts of a demo; a real service has no such door. */
export interface Demo {
  accounts: DemoAccount[];
}

/** The process answers. */
export interface Health {
  status: "ok";
}

/** Whether questions can be taken (all but `down`), and which part is missing; its feature is what it costs. */
export interface Readiness {
  status: "ok" | "degraded" | "down";
  database: "ok" | "down" | "not migrated";
  object_store: "ok" | "down";
  redis: "ok" | "down";
  matcher: "loading" | "ok" | "down";
}

/** Every refusal: a stable code, and the sentence to show in Chinese and English. */
export interface Problem {
  code: string;
  zh: string;
  en: string;
  detail: string | null;
}

export interface QuestionChanged {
  type: "question";
  question: QuestionView;
}

export interface DutyChanged {
  type: "duty";
  duty: DutyView;
}

export interface Earned {
  type: "earned";
  line: EarningView;
  total_fen: number;
}

export interface BoardGrew {
  type: "board";
  line: BoardLine;
  media: MediaView | null;
}

export interface SessionChanged {
  type: "session";
  session: SessionView;
}

/** For the duty administrator: a question that has waited too long. */
export interface Alarm {
  type: "alarm";
  question_id: string;
  subject: Subject;
  stage: Stage;
  waiting_since: string;
}

/** For the duty administrator: matches of a subject were wrong too often; from now on a push needs `bar`. */
export interface PrecisionAlarm {
  type: "precision";
  subject: Subject;
  bar: number;
}

export interface LectureChanged {
  type: "lecture";
  lecture: LectureView;
}

/** For the one whose place it is: moved up, or the lecture itself is another now; load one's lectures again. */
export interface PlaceChanged {
  type: "place";
  lecture_id: string;
  title: string;
  why: "moved_up" | "changed" | "cancelled";
}

export interface LineChanged {
  type: "line";
  line: LineView;
}

export interface RoomChanged {
  type: "room";
  room: RoomState;
}

export interface PollChanged {
  type: "poll";
  poll: PollView;
}

export interface HandsChanged {
  type: "hands";
  hands: HandsView;
}

export interface LostChanged {
  type: "lost";
  lost: LostView;
}

export type AnyEvent = QuestionChanged | DutyChanged | Earned | BoardGrew | SessionChanged | Alarm | PrecisionAlarm | LectureChanged | PlaceChanged | LineChanged | RoomChanged | PollChanged | HandsChanged | LostChanged;

export interface Position {
  epoch: string;
  offset: number;
}

/** The socket is open; `resumed` channels follow with exactly what was missed, `resync` ones want a snapshot. */
export interface Welcome {
  frame: "welcome";
  node: string;
  now: string;
  beat_every_s: number;
  resumed: Record<string, Position>;
  resync: string[];
  degraded: boolean;
}

/** An event of a channel; offsets of one epoch grow by one. */
export interface Told {
  frame: "event";
  channel: string;
  epoch: string;
  offset: number;
  event: QuestionChanged | DutyChanged | Earned | BoardGrew | SessionChanged | Alarm | PrecisionAlarm | LectureChanged | PlaceChanged | LineChanged | RoomChanged | PollChanged | HandsChanged | LostChanged;
}

/** What was missed is no longer kept: load the channel's snapshot over HTTP, then listen on from its position. */
export interface Resync {
  frame: "resync";
  channel: string;
}

export interface Subscribed {
  frame: "subscribed";
  id: string;
  channel: string;
  epoch: string;
  offset: number;
}

/** The command with this id was done; the same id always gets the same answer. */
export interface Ack {
  frame: "ack";
  id: string;
  seq: number;
}

/** The command with this id (or an unreadable frame, id "") was not done. */
export interface Refused {
  frame: "refused";
  id: string;
  code: string;
  zh: string;
  en: string;
}

/** A stroke that is still being drawn, and packed points of it from `at` on; what was heard of it from there on is replaced. `Dots` of this `pen` go on with it. May be dropped, the finished stroke follows as an event. */
export interface InkSeen {
  frame: "ink";
  session: string;
  author: string;
  pen: string;
  stroke: string;
  page: string;
  tool: string;
  color: string;
  width: number;
  points: string;
  at: number;
}

/** More points of the stroke that the last `ink` of this pen named: an array, as it comes sixty times a second. They are packed as going on from the point before `at`; who has not heard all until there waits for the next `ink`. */
export type DotsSeen = [pen: string, at: number, points: string];

/** The part of a page that the other side looks at, in units of the page; only the last one counts. */
export interface LookSeen {
  frame: "look";
  session: string;
  author: string;
  page: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** WebRTC signalling from the other side of a session. */
export interface Signalled {
  frame: "signal";
  session: string;
  author: string;
  data: Record<string, unknown>;
}

/** A slice of the teacher's voice for who watches; `take` names the recording, its slices are numbered from 0. */
export interface VoiceHeard {
  frame: "voice";
  session: string;
  take: string;
  n: number;
  type: string;
  bytes: string;
}

/** A part of a lecture's sound (base64) that begins `at_ms` after the lecture; the parts of a take are numbered from 0. May be dropped: what follows is heard all the same. */
export interface Sound {
  frame: "sound";
  lecture: string;
  take: number;
  n: number;
  at_ms: number;
  bytes: string;
}

/** A part (base64) of what a pupil says who has the floor, on the lecture's clock as the lecturer's sound is; the parts of a recording are numbered from 0. May be dropped. */
export interface Spoken {
  frame: "spoken";
  lecture: string;
  take: number;
  n: number;
  at_ms: number;
  bytes: string;
}

/** A part of the lecturer's camera (base64), over the same time as the sound's of the same number. One that is `key` has the track's beginning in it, and may be the first. May be dropped. */
export interface Picture {
  frame: "picture";
  lecture: string;
  take: number;
  n: number;
  at_ms: number;
  key: boolean;
  bytes: string;
}

/** So many bytes of a take have arrived. "gone": this node has not got the take, begin another; "fenced": another page of the lecturer's is on the air; "over": the lecture is not; "busy": no more can be packed here. `kept` is false while the store does not take what is heard: it is on the air, and the replay may miss it. */
export interface Aired {
  frame: "aired";
  lecture: string;
  take: string;
  at: number;
  state: "on" | "gone" | "fenced" | "over" | "busy";
  kept: boolean;
}

/** How many people of one node watch a session; told to its two when that changes, and again each ten seconds. */
export interface Watched {
  frame: "watched";
  session: string;
  node: string;
  count: number;
}

export interface Beat {
  frame: "beat";
  now: string;
}

/** Events are delayed (`on` true): poll snapshots until `on` is false, then resync every channel. */
export interface Degraded {
  frame: "degraded";
  on: boolean;
}

/** This node is about to stop: come back after so many seconds. */
export interface Go {
  frame: "go";
  after_s: number;
}

export type AnyServerFrame = Welcome | Told | Resync | Subscribed | Ack | Refused | InkSeen | LookSeen | Signalled | VoiceHeard | Sound | Spoken | Picture | Aired | Watched | Beat | Degraded | Go;

/** First frame: the one-use ticket, and where each channel was left. */
export interface Hello {
  frame: "hello";
  ticket: string;
  resume?: Record<string, Position>;
}

/** Listen to a channel, from a position if one is known. */
export interface Subscribe {
  frame: "subscribe";
  id: string;
  channel: string;
  position?: Position | null;
}

export interface Unsubscribe {
  frame: "unsubscribe";
  channel: string;
}

/** A board operation; durable before it is acknowledged. `id` is made by the page and makes a resend harmless. */
export interface Act {
  frame: "act";
  id: string;
  session: string;
  assignment_epoch: number;
  kind: string;
  body: Record<string, unknown>;
}

/** A stroke whose pen is down (a laser pointer's too), and packed points of it from `at` on; never stored. Sent when a stroke begins, and again each second, for who has come meanwhile or missed something; between these `Dots` go on with it. */
export interface Ink {
  frame: "ink";
  session: string;
  stroke: string;
  page: string;
  tool: string;
  color: string;
  width: number;
  points: string;
  at?: number;
}

/** More points of the stroke of this socket's last `ink`, packed as going on from the point before `at`. The one frame that is an array: it comes sixty times a second, and a phone pays for each character. */
export type Dots = [at: number, points: string];

/** The part of a page that is looked at, in units of the page, for the other side to follow; never stored. */
export interface Look {
  frame: "look";
  session: string;
  page: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** WebRTC signalling to the other side of a session. */
export interface Signal {
  frame: "signal";
  session: string;
  data: Record<string, unknown>;
}

/** A slice of the teacher's voice (base64 of what a browser records) for who watches the session; never stored. */
export interface Voice {
  frame: "voice";
  session: string;
  take: string;
  n: number;
  type: string;
  bytes: string;
}

/** A slice of the lecturer's microphone (base64 of what a browser records) from byte `at` of a take that the page has named; answered with `aired`. One that does not follow what has arrived is not taken. `ago_ms` says, in the first one, how long ago the take began. A slice of her camera names the take of the microphone that it is `beside`, and how long after that it began. A slice of a pupil's voice has the number of the floor as `room_epoch`, and names the page that said yes. */
export interface Air {
  frame: "air";
  lecture: string;
  room_epoch: number;
  take: string;
  type: string;
  at: number;
  ago_ms: number;
  bytes: string;
  muted?: boolean;
  last?: boolean;
  track?: "sound" | "camera" | "voice";
  beside?: string;
  after_ms?: number;
}

/** A sign of life; a page sends one every `beat_every_s` seconds. */
export interface BeatIn {
  frame: "beat";
}

export type AnyClientFrame = Hello | Subscribe | Unsubscribe | Act | Ink | Look | Signal | Voice | Air | BeatIn;

/** A line of a statement: what was done, what it came to, and every rule that changed something. */
export interface MoneyLine {
  fact: string;
  work: string;
  at: string;
  fen: number;
  held_fen: number;
  points_x100: number;
  status: string;
  rate: string | null;
  units_x100: number;
  base_fen: number;
  coefficient_x10000: number;
  why: string[];
  summary: string;
}

/** A teacher's month as finance closed it; `payout` is how far the money is. */
export interface StatementView {
  id: string;
  month: string;
  teacher_id: string;
  teacher: string;
  fen: number;
  held_fen: number;
  payout: string | null;
  payout_id: string | null;
}

export interface AppealView {
  id: string;
  statement_id: string;
  month: string;
  teacher: string;
  words: string;
  reply: string | null;
}

/** A teacher's month as it stands: what the facts come to now, and what was closed before. */
export interface TeacherMonth {
  month: string;
  policy: string | null;
  fen: number;
  held_fen: number;
  points_balance_x100: number;
  bonus_x100: number;
  lines: MoneyLine[];
  statements: StatementView[];
  appeals: AppealView[];
  appeal_until: string | null;
  account: string | null;
}

/** A figure, its 95 % interval, the quartiles of peers (none where fewer than five), and the facts behind it. */
export interface FigureView {
  value: number | null;
  low: number | null;
  high: number | null;
  peers: number[];
  facts: string[];
}

/** A school term of the policies; `until` is the day after the last. */
export interface TermView {
  name: string;
  first: string;
  until: string;
}

/** A teacher's term: participation and effectiveness. `until` is the day after the last; `terms` are those that have begun, newest first. */
export interface AppraisalView {
  first: string;
  until: string;
  terms: TermView[];
  works: FigureView | null;
  minutes: FigureView | null;
  resolved: FigureView | null;
  rating: FigureView | null;
  comment: string;
}

export interface CommentAppraisal {
  first: string;
  until: string;
  words: string;
}

export interface MonthView {
  month: string;
  state: string;
  statements: number;
  fen: number;
  paid_fen: number;
  appeal_until: string | null;
  reckoned_by: string | null;
  closed_by: string | null;
}

/** Other work of the same teacher at that time, or the shift. */
export interface NearbyWork {
  fact: string;
  work: string;
  start: string;
  end: string;
}

/** When the two sides last signed in on one browser. */
export interface SharedDevice {
  teacher_at: string;
  pupil_at: string;
}

/** Held work with its evidence; ink and speech in thousandths of its time. */
export interface HoldView {
  fact: string;
  work: string;
  teacher: string;
  start: string;
  end: string | null;
  active_s: number | null;
  fen: number;
  why: string[];
  answer: AnswerView | null;
  strokes: number;
  ink: number[];
  speech: number[][];
  nearby: NearbyWork[];
  devices: SharedDevice[];
}

export interface PolicyView {
  id: string;
  name: string;
  valid_from: string;
  valid_to: string | null;
  document: string;
  in_force: boolean;
  proposed_by: string | null;
  approved_by: string | null;
  mine: boolean;
}

/** The books as finance and auditors see them. */
export interface OfficeView {
  may_change: boolean;
  months: MonthView[];
  holds: HoldView[];
  policies: PolicyView[];
  appeals: AppealView[];
  without_account: string[];
}

/** A posting on a statement; `fact` can be traced. */
export interface ClaimedLine {
  fact: string;
  work: string;
  at: string;
  kind: string;
  status: string;
  fen: number;
  held_fen: number;
  summary: string;
}

export interface StatementLines {
  statement: StatementView;
  lines: ClaimedLine[];
}

/** A teacher's account as pages show it. */
export interface PayeeView {
  teacher: string;
  login: string;
  bank: string;
  account: string;
}

/** Who set or read how many accounts, and what for. */
export interface PayeeNote {
  at: string;
  who: string | null;
  act: "set" | "read";
  why: string;
  accounts: number;
}

export interface PayeesView {
  payees: PayeeView[];
  missing: string[];
  notes: PayeeNote[];
}

/** A CSV or XLSX file in base64: login, name, bank, account, branch. */
export interface ImportPayees {
  file: string;
}

/** What a file brought; with any mistake nothing. */
export interface PayeesImported {
  accounts: number;
  mistakes: string[];
}

export interface MonthStatements {
  month: string;
  statements: StatementView[];
}

/** A teacher objects to a statement. */
export interface AppealStatement {
  statement_id: string;
  words: string;
}

export interface ReplyToAppeal {
  words: string;
}

/** Reckon a month that is over (YYYY-MM), close one that another person reckoned, or order its payouts. */
export interface MoveMonth {
  month: string;
  step: "reckon" | "close" | "pay";
}

export interface ReviewHold {
  fact: string;
  decision: "release" | "refuse";
  reason: string;
}

export interface ProposePolicy {
  document: string;
}

/** Days are YYYY-MM-DD; `until` is the day after the last. */
export interface Simulate {
  document: string;
  first: string;
  until: string;
}

export interface SimulatedRow {
  name: string;
  now_fen: number;
  draft_fen: number;
}

/** What was paid, and what a draft would have paid. Nothing was written. */
export interface SimulationView {
  now_fen: number;
  draft_fen: number;
  draft_held_fen: number;
  gain: number;
  lose: number;
  same: number;
  runs_out: string | null;
  months: SimulatedRow[];
  schools: SimulatedRow[];
  teachers: SimulatedRow[];
  spent: SimulatedRow[];
}

export interface SettlePayout {
  outcome: "paid" | "bounced";
  why?: string;
}

export interface EntryView {
  account: string;
  fen: number;
}

/** One transaction of the ledger; `seal` is its place in the chain. */
export interface PostingView {
  id: string;
  key: string;
  kind: string;
  month: string;
  posted_at: string;
  seal: number | null;
  entries: EntryView[];
}

export interface FactView {
  id: string;
  kind: string;
  recorded_at: string;
  source: string;
  body: Record<string, unknown>;
}

/** A cent from the video that it was earned by to the payout that it left with. */
export interface TraceView {
  fact: FactView;
  teacher: string;
  notes: FactView[];
  answer: AnswerView | null;
  postings: PostingView[];
  statements: StatementView[];
}

/** What `dayi ledger verify` says. */
export interface VerifyView {
  transactions: number;
  sealed: number;
  statements: number;
  recomputed: number;
  head: string;
  wrong: string[];
}

/** A school's month; None where fewer than k teachers stand behind it, or another could be reckoned from it. */
export interface PublicRow {
  school: string;
  month: string;
  teachers: number | null;
  fen: number | null;
}

export interface PublicView {
  k: number;
  rows: PublicRow[];
}

/** Why a socket was closed. Below 4100: come back with backoff; from 4100 on: stay away until a person acts. */
export const Close = {
  RESUME: 4008,
  MOVING: 4009,
  SILENT: 4010,
  TICKET: 4101,
  SIGNED_OUT: 4102,
  TOO_MANY: 4103,
  HOSTILE: 4104,
} as const;
