// What the research staff's week says, Chinese first.
import { computed } from "@preact/signals";
import type { WeekSum } from "./protocol";
import { language } from "./words";

const zh = {
  title: "教研周览", nav: "教研", tabs: { week: "一周", reports: "周报", data: "取数" },
  topics: "知识点", allWeek: "全市", week: "哪一周", weekOf: (from: string, to: string) => `${from} 至 ${to}`, subject: "学科", grade: "年级", school: "学校", all: "全部", link: "复制链接", linked: "链接已复制", print: "打印",
  noWeek: "还没有一周的数据", noWeekMore: "一周结束后的凌晨四点起，这里就有上一周的情况；孩子的家长同意用于教研的才计入。", nothing: "这个范围里没有可以列出的数", nothingMore: "没有人问，或者不足 5 人。换一个学科、年级、学校或者一周看看。",
  asked: "提问", askers: "提问的学生", unanswered: "没人答", reopened: "又问了一次", stuck: "看了还不懂", median: "等待中位数", p95: "95% 的等待不超过", before: (n: string) => `上周 ${n}`,
  heat: "哪里在问什么", heatMore: "每千名在册学生中提问的人数，下面一行是 95% 区间（威尔逊）。", heatPick: "点一格看例题。", perMille: "每千人", few: "不足 5 人或没有人问", fewSign: "·", others: "其余学校合计", rowsGrade: "年级", rowsSchool: "学校", enrolledOf: (n: number) => `在册 ${n}`, noRate: "人", cellOf: (where: string, point: string) => `${where}，${point}`, askersOf: (n: number) => `${n} 人`, light: "少", dark: "多",
  risen: "比上周多了", fallen: "比上周少了", hardest: "看了讲解还不懂", noneRisen: "没有哪个知识点的变化大过偶然。", byLow: "按 95% 区间的下限排", noneHard: "还看不出哪个知识点特别难。", change: "每千人增减", interval: (low: string, high: string) => `95% 区间 ${low} 至 ${high}`, atLeast: "上周不足 5 人时按 4 人算",
  year: "与去年同周", point: "知识点", rate: "每千人", unlabelled: "还没有标注", line: "半年来的提问", lineMore: "每周列出的提问数和其中没人答的", lineSaid: (weeks: number, first: WeekSum, last: WeekSum) => `${weeks} 周：${first.week} 那周提问 ${first.asked}、没人答 ${first.unanswered}，${last.week} 那周提问 ${last.asked}、没人答 ${last.unanswered}`, asTable: "看表格", allPoints: (n: number) => `全部 ${n} 个知识点`,
  exemplars: "例题", exemplarsMore: "不显示是谁问的；照片是遮挡后的。", noExemplars: "这一格没有可以公开看的讲解。", outcome: { solved: "解决了", stuck: "看了还不懂", reopened: "又问了一次", seen: "看过讲解" }, close: "关闭", photo: "题目照片（已遮挡）", loading: "正在打开…",
  rule: "只列 5 人以上的组；更小的并入“其余”，并且拼不回来。学生只在家长同意用于教研后计入。一个学生在同一格里只算一次。",
  seconds: (s: number) => (s < 90 ? `${Math.round(s)} 秒` : s < 5400 ? `${Math.round(s / 60)} 分钟` : `${Math.round(s / 3600)} 小时`),
  stages: { primary: "小学", junior: "初中", senior: "高中" },
  // reports
  again: "再输一次密码", againMore: "数据离开平台前，确认是你本人；下载会记入项目记录。", password: "密码",
  city: "全市", reports: "周报", reportsMore: "每周一凌晨生成并存档；之后标注再改，存档的周报不变。", noReports: "还没有周报", noReportsMore: "一周结束后的凌晨，全市和每所有足够数据的学校各有一份。", reportOf: "周报", pdf: "PDF", made: (when: string) => `${when} 存档`, archived: "已存档，不会再变",
  // data
  data: "取数", dataMore: "按项目申请，由另一位教研员批准；假名只在本项目内有效，日期到天，学校 × 年级 × 天不足 5 人的行会模糊或去掉，不含照片和录音。", newProject: "申请一个项目", projectTitle: "项目名称", purpose: "用途", purposeHint: "研究什么问题，为什么需要逐条数据", first: "从", until: "到（不含）", expires: "有效到", apply: "提交申请", noProjects: "还没有项目", noProjectsMore: "申请一个，另一位教研员批准后就能导出。",
  approve: "批准", refuse: "不批准", own: "你申请的，需要另一位教研员批准", by: (who: string) => `${who} 申请`, approvedBy: (who: string) => `${who} 批准`, states: { asked: "等待批准", approved: "已批准", refused: "未批准", expired: "已到期" },
  make: (form: string) => `导出 ${form}`, making: "正在生成…", failed: "没有生成，请再试一次", download: "下载", rows: (n: number) => `${n} 行`, dictionary: "数据字典", kept: "去掉的行", keptOf: (n: number) => `不足 5 人去掉 ${n} 行`, log: "谁做了什么", acts: { asked: "申请", approved: "批准", refused: "不批准", made: "导出", downloaded: "下载", expired: "到期删除" } as Record<string, string>,
};

type Words = typeof zh;

const en: Words = {
  title: "The week", nav: "Research", tabs: { week: "Week", reports: "Reports", data: "Data" },
  topics: "Points", allWeek: "Whole city", week: "Week", weekOf: (from, to) => `${from} to ${to}`, subject: "Subject", grade: "Grade", school: "School", all: "All", link: "Copy link", linked: "Link copied", print: "Print",
  noWeek: "No week yet", noWeekMore: "A week appears here from four in the morning after it ended. Only pupils whose guardians agreed to research are counted.", nothing: "Nothing to tell here", nothingMore: "Nobody asked, or fewer than five. Try another subject, grade, school or week.",
  asked: "Questions", askers: "Pupils who asked", unanswered: "Unanswered", reopened: "Reopened", stuck: "Still stuck", median: "Median wait", p95: "95% waited at most", before: (n) => `${n} the week before`,
  heat: "Where what was asked", heatMore: "Pupils who asked, in 1,000 enrolled; below it the 95% interval (Wilson).", heatPick: " A cell shows exemplars.", perMille: "per 1,000", few: "fewer than 5 pupils, or nobody", fewSign: "·", others: "All other schools", rowsGrade: "Grade", rowsSchool: "School", enrolledOf: (n) => `${n} enrolled`, noRate: "pupils", cellOf: (where, point) => `${where}, ${point}`, askersOf: (n) => `${n} ${n === 1 ? "pupil" : "pupils"}`, light: "few", dark: "many",
  risen: "More than last week", fallen: "Less than last week", hardest: "Still stuck after the video", noneRisen: "No point changed by more than chance.", byLow: "by the lower end of the 95% interval", noneHard: "No point stands out as hard.", change: "Change per 1,000", interval: (low, high) => `95% interval ${low} to ${high}`, atLeast: "fewer than 5 last week count as 4",
  year: "Against last year", point: "Knowledge point", rate: "Per 1,000", unlabelled: "Not labelled yet", line: "Questions over half a year", lineMore: "Questions told of each week, and those unanswered", lineSaid: (weeks, first, last) => `${weeks} weeks: ${first.asked} questions and ${first.unanswered} unanswered in the week of ${first.week}, ${last.asked} and ${last.unanswered} in the week of ${last.week}`, asTable: "As a table", allPoints: (n) => `All ${n} knowledge points`,
  exemplars: "Exemplars", exemplarsMore: "Nobody's name; photos are masked.", noExemplars: "No explanation of this cell may be shown.", outcome: { solved: "solved", stuck: "still stuck", reopened: "reopened", seen: "seen" }, close: "Close", photo: "Photo of the problem, masked", loading: "Opening…",
  rule: "Only groups of five pupils or more are told; smaller ones are part of “others”, and can't be reckoned out. Pupils count once their guardians agreed to research, and once in a cell.",
  seconds: (s) => (s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`),
  stages: { primary: "primary", junior: "junior", senior: "senior" },
  again: "Your password again", againMore: "Before data leaves, it is to be you. The download goes into the project's log.", password: "Password",
  city: "Whole city", reports: "Weekly reports", reportsMore: "Made and archived each Monday before dawn. What is labelled anew later leaves an archived report as it is.", noReports: "No report yet", noReportsMore: "The night after a week there is one for the city, and one for each school with enough to tell.", reportOf: "Report", pdf: "PDF", made: (when) => `archived ${when}`, archived: "archived, never changed",
  data: "Taking data away", dataMore: "By project, approved by another researcher. Pseudonyms hold within one project; dates are days; rows of fewer than five by school, grade and day are blurred or left out; no photos, no voices.", newProject: "Ask for a project", projectTitle: "Name of the project", purpose: "Purpose", purposeHint: "What is studied, and why single rows are needed", first: "From", until: "Until (not included)", expires: "Valid until", apply: "Ask", noProjects: "No projects yet", noProjectsMore: "Ask for one; when another researcher approves, it can be exported.",
  approve: "Approve", refuse: "Refuse", own: "Yours; another researcher approves", by: (who) => `asked by ${who}`, approvedBy: (who) => `approved by ${who}`, states: { asked: "Waits for approval", approved: "Approved", refused: "Refused", expired: "Expired" },
  make: (form) => `Export ${form}`, making: "Being made…", failed: "Not made; try again", download: "Download", rows: (n) => `${n} rows`, dictionary: "Data dictionary", kept: "Rows left out", keptOf: (n) => `${n} rows of fewer than five left out`, log: "Who did what", acts: { asked: "asked", approved: "approved", refused: "refused", made: "exported", downloaded: "downloaded", expired: "expired" },
};

export const monday = computed(() => (language.value === "zh" ? zh : en));
