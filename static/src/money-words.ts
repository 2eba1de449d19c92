// What the pages of the money say, Chinese first; and the rules' own reasons, which the server writes in English.
import { computed } from "@preact/signals";
import { language } from "./words";

const zh = {
  title: "补贴", mine: "我的补贴", office: "补贴财务", audit: "补贴审计",
  thisMonth: "本月应得", held: "待核", points: "时间银行积分", bonus: "评价积分", lines: "明细", none: "这个月还没有记录", noneMore: "每完成一项工作，这里就多一行，写明因为什么、按哪条标准。",
  appraisal: "评价报告", term: "学期", period: (first: string, until: string) => `${first} 至 ${until} 前`, figures: { works: "完成的工作", minutes: "笔迹和说话（分钟）", resolved: "解决且没有再问", rating: "评分（向平均收缩）" }, interval: (low: string, high: string) => `95% 区间 ${low} – ${high}`, peers: (three: string) => `同行四分位 ${three}`, fewPeers: "同行不足 5 人，不列", behind: (n: number) => `依据 ${n} 项事实`, unknown: "没有记录", own: "本人说明", save: "保存", saved: "已保存",
  before: "上个月", after: "下个月", under: (name: string) => `按《${name}》计算；资金池的分摊在月底结算时计入。`, noPolicy: "这个月没有生效的补贴办法。",
  how: "怎么算的", quantity: "数量", price: "金额", coefficient: "效果系数", came: "结果", fact: "事实编号", rate: "标准", rateNamed: (path: string) => path.replace(/^rate\.(\d+)$/, "第 $1 条"),
  status: { paid: "计入", held: "待核", refused: "不计", unpaid: "不付" } as Record<string, string>,
  work: { session: "同屏答疑", answer: "录制解答", shown: "录像再用", lecture: "名师直播", shift: "值班", substitution: "代班", visit: "送教上门", top_up: "保底补足" } as Record<string, string>,
  statements: "结算单", noStatements: "还没有结算过的月份", pdf: "PDF", appeal: "申诉", appealOf: (month: string) => `对 ${month} 的结算单有异议`, appealHint: "写明哪一笔、为什么", send: "提交", cancel: "取消", appealUntil: (when: string) => `${when} 前可以申诉`, reply: "答复", noReply: "还没有答复", appealSent: "申诉已提交，答复会显示在这里。",
  payout: { ordered: "已提交银行", paid: "已到账", bounced: "被退回" } as Record<string, string>, notYet: "未发放",
  tabs: { months: "月份", holds: "待核", policies: "办法", simulate: "试算", accounts: "账户", appeals: "申诉", audit: "审计" },
  account: "收款账户", noAccount: "财务还没有登记你的收款账户，发放前会向你要。", accountsIn: "导入账户", accountsFile: "CSV 或 XLSX，第一行写列名：login、name、bank、account，可加 branch（联行号）。账号这一列请设为文本。", chooseFile: "选择文件", accountsWhat: "账号加密保存，页面只显示后四位；下载银行批量表时才解开，每次都记下是谁。", brought: (n: number) => `导入了 ${n} 个账户。`, notBrought: (n: number) => `有 ${n} 处错误，什么也没有导入。`, without: (n: number) => `${n} 名教师没有账户`, withoutPay: (names: string) => `这些教师已关账却没有收款账户，生成发放时会先跳过：${names}`, noAccounts: "还没有账户", bank: "开户行", number: "账号", reads: "谁动过账号", accountActs: { set: "登记", read: "读取" } as Record<string, string>, commandLine: "命令行", noted: (why: string) => (why === "import" ? "导入文件" : why.replace(/^batch (.*)$/, "银行批量表 $1")), accountsCount: (n: number) => `${n} 个`, when: "时间", who: "谁", purpose: "用途",
  linesOf: "逐行", hideLines: "收起", appraisalPdf: "评价", adjusted: "调整", shiftName: "值班", ink: "笔迹", speech: "说话", around: "同一时间", thisWork: "这一项", timeline: (from: string, to: string) => `${from} 到 ${to}`, devices: "同一浏览器登录", deviceLine: (teacher: string, pupil: string) => `教师 ${teacher}，学生 ${pupil}`, spent: "累计支出（按工作日期）", spentNow: (now: string, draft: string) => `期末现行 ${now}，草案 ${draft}`,
  disclosure: "补贴公示", disclosureWhat: (k: number) => `已关账月份各校教师补贴合计。不足 ${k} 人的学校不列数字；能由合计反推出来的也不列。`, school: "学校", keptBack: "不足人数，不列", nothingPublished: "还没有关账的月份。", publicPage: "公示页",
  month: "月份", state: "状态", people: "人数", total: "合计", paid: "已到账", act: "操作", teacher: "教师", amount: "金额",
  states: { open: "未结算", reckoned: "已结算，申诉期", closed: "已关账" } as Record<string, string>, by: (reckoner: string | null, closer: string | null) => [reckoner && `结算 ${reckoner}`, closer && `关账 ${closer}`].filter(Boolean).join(" · "),
  reckon: "结算", close: "关账", pay: "生成发放", batch: "银行批量表", show: "看结算单", hide: "收起",
  sureReckon: (m: string) => `结算 ${m}？之后这个月不能重来，改动记入下个月。`, sureClose: (m: string) => `关账 ${m}？需要由结算人以外的人来做，不能撤销。`, surePay: (m: string) => `为 ${m} 生成发放？`, yes: "确定",
  noMonths: "还没有任何记录", noMonthsMore: "有教师完成工作后，这里会出现月份。",
  markPaid: "已到账", markBounced: "被退回", whyBounced: "银行说的原因",
  noHolds: "没有待核的工作", noHoldsMore: "被规则拦下的工作会出现在这里，录像、笔迹、时间并排给你看。", evidence: "证据", active: (s: number) => `笔迹和说话 ${Math.floor(s / 60)} 分 ${s % 60} 秒`, strokes: (n: number) => `${n} 笔`, noVideo: "没有录像", release: "放行", refuse: "不计", reason: "理由（必填）",
  inForce: "生效", draft: "待第二人批准", approve: "批准生效", ownDraft: "你提交的，需另一人批准", propose: "提交新办法", document: "办法（TOML）", from: (a: string, b: string | null) => (b === null ? `${a} 起` : `${a} 至 ${b} 前`), diff: "与上一份的差别", whole: "全文", noDiff: "没有差别", newPolicy: "写一份新办法", checkFirst: "提交时逐行检查，错在第几行、为什么，一次说完。",
  simulateWhat: "用真实记录试算这份草案，什么也不写入。", since: "从", until: "到（不含）", run: "试算", now: "现行", underDraft: "草案", change: "增减", gain: (n: number) => `${n} 人增加`, lose: (n: number) => `${n} 人减少`, same: (n: number) => `${n} 人不变`, runsOut: (day: string) => `资金在 ${day} 用完`, lasts: "这段时间资金够用", bySchool: "按学校", byTeacher: "按教师", byMonth: "按月", noSchool: "未登记学校", nothing: "这段时间没有记录。",
  noAppeals: "没有申诉", answer: "答复",
  books: "账本", verify: "核对账本", verifying: "正在核对…", good: "全部相符", goodMore: (t: number, s: number, r: number) => `${t} 笔分录每笔借贷相等，${s} 个封印首尾相连，${r} 项工作重算一遍，一分不差。`, bad: (n: number) => `有 ${n} 处不符`, head: "最后一个封印", trace: "追一分钱", traceHint: "事实编号，如 session:…", find: "追查", postings: "记账", posted: { accrual: "记账", adjustment: "调整", payout: "发放", bounce: "银行退回" } as Record<string, string>, seal: (n: number | null) => (n === null ? "未封印" : `封印 #${n}`), notes: "后来的说法", source: { platform: "平台写入", import: "导入", review: "审核" } as Record<string, string>, recorded: "写入", video: "录像", raw: "记录原文", notFound: "没有这个编号的事实。", onStatement: "所在结算单",
  accounts: { budget: "经费", owed: "应付教师", held: "待核", bank: "银行在途", tax: "他处代扣" } as Record<string, string>,
  readOnly: "只读：可以查，不能改。", wait: "请稍候…", back: "值班",
};

type Words = typeof zh;

const en: Words = {
  title: "Subsidies", mine: "My subsidy", office: "Subsidy office", audit: "Subsidy audit",
  thisMonth: "Earned this month", held: "Held", points: "Time-bank points", bonus: "Bonus points", lines: "Lines", none: "Nothing this month yet", noneMore: "Each piece of work adds a line that says why, and under which rate.",
  appraisal: "Appraisal", term: "Term", period: (first, until) => `${first} until ${until}`, figures: { works: "Works", minutes: "Ink and speech (minutes)", resolved: "Resolved and not asked again", rating: "Rating (shrunk to the mean)" }, interval: (low, high) => `95% interval ${low} – ${high}`, peers: (three) => `Quartiles of peers ${three}`, fewPeers: "Fewer than 5 peers: not shown", behind: (n) => `${n} ${n === 1 ? "fact" : "facts"} behind it`, unknown: "Nothing known", own: "Your own word", save: "Save", saved: "Saved",
  before: "Month before", after: "Month after", under: (name) => `Under “${name}”; pools are settled when the month is reckoned.`, noPolicy: "No policy is in force this month.",
  how: "How it was reckoned", quantity: "Quantity", price: "Amount", coefficient: "Coefficient of effect", came: "Result", fact: "Fact", rate: "Rate", rateNamed: (path) => path.replace(/^rate\.(\d+)$/, "no. $1"),
  status: { paid: "Counted", held: "Held", refused: "Refused", unpaid: "Not paid" },
  work: { session: "Live answer", answer: "Recorded answer", shown: "Video shown again", lecture: "Lecture", shift: "Shift", substitution: "Substitution", visit: "Visit", top_up: "Top-up to a floor" },
  statements: "Statements", noStatements: "No month has been reckoned yet", pdf: "PDF", appeal: "Appeal", appealOf: (month) => `Object to the statement of ${month}`, appealHint: "Which line, and why", send: "Send", cancel: "Cancel", appealUntil: (when) => `Appeals until ${when}`, reply: "Reply", noReply: "No reply yet", appealSent: "Sent; the reply will appear here.",
  payout: { ordered: "At the bank", paid: "Paid", bounced: "Bounced" }, notYet: "Not paid out",
  tabs: { months: "Months", holds: "Held", policies: "Policies", simulate: "Simulate", accounts: "Accounts", appeals: "Appeals", audit: "Audit" },
  account: "Paid to", noAccount: "Finance has no bank account of yours yet and will ask before paying.", accountsIn: "Bring in accounts", accountsFile: "CSV or XLSX; the first row names the columns login, name, bank, account and, if known, branch. Format the account column as text.", chooseFile: "Choose a file", accountsWhat: "Numbers are kept encrypted; pages show the last four digits. Only the bank's batch opens them, and each time it is noted who did.", brought: (n) => `${n} accounts are in place.`, notBrought: (n) => `${n} mistakes: nothing was brought in.`, without: (n) => `${n} ${n === 1 ? "teacher" : "teachers"} without an account`, withoutPay: (names) => `Owed by a closed month but without an account; payouts will leave them out for now: ${names}`, noAccounts: "No accounts yet", bank: "Bank", number: "Account", reads: "Who touched the numbers", accountActs: { set: "set", read: "read" }, commandLine: "command line", noted: (why) => why.replace(/^batch (.*)$/, "the bank's batch of $1"), accountsCount: (n) => `${n}`, when: "When", who: "Who", purpose: "What for",
  linesOf: "Lines", hideLines: "Hide", appraisalPdf: "Appraisal", adjusted: "adjusted", shiftName: "Shift", ink: "Ink", speech: "Speech", around: "At that time", thisWork: "This work", timeline: (from, to) => `${from} to ${to}`, devices: "Signed in on one browser", deviceLine: (teacher, pupil) => `teacher ${teacher}, pupil ${pupil}`, spent: "Spent up to each day of work", spentNow: (now, draft) => `In the end ${now} now, ${draft} under the draft`,
  disclosure: "Subsidies made public", disclosureWhat: (k) => `Totals of closed months by school. A school with fewer than ${k} paid teachers is kept back, and so is what could be reckoned from the rest.`, school: "School", keptBack: "too few, kept back", nothingPublished: "No month is closed yet.", publicPage: "Public page",
  month: "Month", state: "State", people: "People", total: "Total", paid: "Paid", act: "Actions", teacher: "Teacher", amount: "Amount",
  states: { open: "Open", reckoned: "Reckoned, appeals", closed: "Closed" }, by: (reckoner, closer) => [reckoner && `reckoned by ${reckoner}`, closer && `closed by ${closer}`].filter(Boolean).join(" · "),
  reckon: "Reckon", close: "Close", pay: "Order payouts", batch: "Bank batch", show: "Statements", hide: "Hide",
  sureReckon: (m) => `Reckon ${m}? It is never reopened; changes go to the next month.`, sureClose: (m) => `Close ${m}? A person other than the reckoner does it, and it can't be undone.`, surePay: (m) => `Order the payouts of ${m}?`, yes: "Yes",
  noMonths: "Nothing yet", noMonthsMore: "Months appear once teachers have done work.",
  markPaid: "Paid", markBounced: "Bounced", whyBounced: "The bank's reason",
  noHolds: "Nothing is held", noHoldsMore: "Work that a rule stopped appears here, with video, ink and times side by side.", evidence: "Evidence", active: (s) => `ink and speech ${Math.floor(s / 60)} min ${s % 60} s`, strokes: (n) => `${n} strokes`, noVideo: "No video", release: "Release", refuse: "Refuse", reason: "Reason (needed)",
  inForce: "In force", draft: "Needs a second person", approve: "Put in force", ownDraft: "Yours; another person approves", propose: "Propose", document: "Policy (TOML)", from: (a, b) => (b === null ? `from ${a}` : `${a} until ${b}`), diff: "Against the one before", whole: "Whole text", noDiff: "No difference", newPolicy: "Write a new policy", checkFirst: "Every mistake is told at once, with its line and reason.",
  simulateWhat: "Reckons real work under this draft. Nothing is written.", since: "From", until: "Until (not included)", run: "Simulate", now: "Now", underDraft: "Draft", change: "Change", gain: (n) => `${n} gain`, lose: (n) => `${n} lose`, same: (n) => `${n} the same`, runsOut: (day) => `The money runs out on ${day}`, lasts: "The money lasts", bySchool: "By school", byTeacher: "By teacher", byMonth: "By month", noSchool: "No school", nothing: "No work in these days.",
  noAppeals: "No appeals", answer: "Reply",
  books: "The books", verify: "Verify the books", verifying: "Verifying…", good: "Everything agrees", goodMore: (t, s, r) => `${t} transactions sum to zero, ${s} seals hold, ${r} works were reckoned again: not a cent off.`, bad: (n) => `${n} things do not agree`, head: "Last seal", trace: "Trace a cent", traceHint: "a fact, such as session:…", find: "Trace", postings: "Postings", posted: { accrual: "Accrued", adjustment: "Adjusted", payout: "Paid out", bounce: "Bounced" }, seal: (n) => (n === null ? "not sealed" : `seal #${n}`), notes: "What was said later", source: { platform: "by the service", import: "imported", review: "review" }, recorded: "Written", video: "Video", raw: "The record", notFound: "There is no such fact.", onStatement: "On statements",
  accounts: { budget: "Budget", owed: "Owed", held: "Held", bank: "At the bank", tax: "Tax elsewhere" },
  readOnly: "Read-only.", wait: "One moment…", back: "Duty",
};

export const money = computed<Words>(() => (language.value === "en" ? en : zh));

/** −¥1,234.50 for −123,450 fen. */
export function amount(fen: number): string {
  return `${fen < 0 ? "−" : ""}¥${(Math.abs(fen) / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",")}`;
}

export const hundredths = (x100: number): string => String(x100 / 100);

const PER: Record<string, string> = { piece: "每次", lesson: "每课时", day: "每天", month: "每月", term: "每学期" };
const HOW: Record<string, string> = { stop: "用完即止", pro_rata: "按比例", level: "多拿少补", carried: "转下期" };

const REASONS: readonly (readonly [RegExp, (found: RegExpMatchArray) => string])[] = [
  [/^no policy was in force/, () => "当天没有生效的办法"],
  [/^the policy has no rate/, () => "办法里没有这项工作的标准"],
  [/^the policy knows no level '(.*)'/, (m) => `办法里没有“${m[1]}”这一级`],
  [/certification was revoked/, () => "教师认定已撤销"],
  [/^overlaps (.*)/, (m) => `时间与 ${m[1]} 重叠`],
  [/^shorter than (\d+) s/, (m) => `短于 ${m[1]} 秒`],
  [/^began outside a shift/, () => "不在值班时间内开始"],
  [/^(\d+) of (\d+) works of the month with one pupil/, (m) => `当月 ${m[2]} 次里有 ${m[1]} 次是同一名学生`],
  [/^(\d+) of (\d+) works of the pupil's month/, (m) => `这名学生当月 ${m[2]} 次里有 ${m[1]} 次是这位教师`],
  [/^blank_board/, () => "没有笔迹也没有录音"],
  [/^answered_before/, () => "同一题第二次回答"],
  [/^nobody_came/, () => "没有人来听"],
  [/^same_device/, () => "师生用的是同一台设备"],
  [/^own_child/, () => "学生是自己的孩子"],
  [/^released by review/, () => "审核放行"],
  [/^refused by review/, () => "审核不计"],
  [/^floor of a (\w+)/, (m) => `${PER[m[1]!]}保底`],
  [/^cap of (?:a|the) (\w+)/, (m) => `${PER[m[1]!]}封顶`],
  [/^pool (\S+): (\w+)/, (m) => `资金“${m[1]}”${HOW[m[2]!] ?? m[2]}`],
  [/^pool (\S+) has no later period/, (m) => `资金“${m[1]}”没有下一期`],
  [/^more than pool (\S+) has/, (m) => `超过资金“${m[1]}”一期的总额`],
  [/^outside the terms of pool (.*)/, (m) => `不在资金“${m[1]}”的学期内`],
];

/** Reasons that are a word of the records; the others are sentences. */
const CODES: Record<string, string> = {
  blank_board: "neither ink nor speech", answered_before: "the same question, answered a second time", nobody_came: "nobody came to listen",
  same_device: "teacher and pupil used one device", own_child: "the pupil is the teacher's own child",
};

/** A rule's own reason in the reader's language. */
export function because(why: string): string {
  if (language.value === "en") return CODES[why] ?? why;
  for (const [pattern, words] of REASONS) {
    const found = why.match(pattern);
    if (found) return words(found);
  }
  return why;
}
