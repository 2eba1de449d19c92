// What pages say between a finding and its lesson, Chinese first.
import { computed } from "@preact/signals";
import type { EffectView, Form, InvitationView, ProposalState, TaughtBy } from "./protocol";
import { language, moment } from "./words";

const zh = {
  // research staff
  propose: "发起备课", teaching: (n: number) => `备课与效果（${n}）`, form: "形式", forms: { lecture: "名师课", lesson: "微课" } as Record<Form, string>,
  title: "课名", grades: "适合年级", points: "知识点（用逗号隔开）", who: "希望谁来讲", anybody: "不指定，学科里谁都可以接", note: "给老师的话（可不填）",
  proposeMore: "把例题、关键词和提问人数一起交给老师。三周内没人接就自动失效。老师看不到是谁问的。",
  plan: "直接排好时间，请这位老师确认", day: "日期", time: "几点开始", lasts: "时长", minutes: (n: number) => `${n} 分钟`, capacity: "名额", schools: "开放给", allSchools: "全市学校", someSchools: "指定学校",
  send: "发出", sending: "正在发出…", needTitle: "先写课名。", needGrade: "至少选一个年级。", needPoint: "微课要写一个知识点。", needDate: "选好日期和时间。", needSchool: "至少选一所学校，或者开放给全市。",
  none: "还没有备课建议。",
  states: { open: "等人接", taken: "已接下", declined: "谢绝了", withdrawn: "已收回", expired: "无人接，已失效" } as Record<ProposalState, string>,
  proposedBy: (name: string, when: string) => `${name}发起于 ${moment(when)}`, wantedOf: (name: string) => `希望${name}来讲`, wantedGone: (name: string) => `${name}现在不能讲这门课了，请收回后另请老师。`, openToAll: "谁都可以接", takenBy: (name: string) => `${name}接下`, whyNot: (why: string) => `谢绝原因：${why}`, until: (when: string) => `${moment(when)} 前有效`,
  planned: (when: string) => `排在 ${moment(when)}，等老师确认`,
  taught: { planned: "在准备", open: "报名中", live: "直播中", over: "讲过了", cancelled: "取消了", recording: "在录制", shown: "已发布", hidden: "还不能看" } as Record<TaughtBy["state"], string>,
  invitedOf: (n: number) => (n === 0 ? "邀请了提问的同学（各校年级都不到 5 人，不列人数）" : `邀请了 ${n} 名提问的同学`), invitedMore: "各校各年级满 5 人的才计入", withdraw: "收回", sureWithdraw: "收回这条建议？", sureWithdrawMore: "收回后，老师就看不到它了。", keep: "先留着",
  // what came of it
  effect: "讲之前和之后", before: "前四周", after: "后四周", reached: "听得到的学校", control: "没有这场课的学校", city: "全市", perMille: "每千名在校生每周的提问数",
  verdicts: {
    waits: (e: EffectView) => `满四整周后才能比，${e.told_from} 起可以看。`,
    short: () => "这个话题在开课前还没有记满四周，比不了。",
    few: () => "问的人太少（不到 5 人），不列数字，也下不了结论。",
    thin: (e: EffectView) => (e.method === "schools" ? `可以比的学校太少（${e.units} 所对 ${e.control_units} 所），差别可能只是偶然，不下结论。` : `规模相近、没讲过的话题太少（${e.units} 个），不下结论。`),
    told: () => "",
  } as Record<EffectView["verdict"], (effect: EffectView) => string>,
  bySchools: (middle: string, low: string, high: string, one: number, other: number) => `与没有这场课的 ${other} 所学校相比，这 ${one} 所每千人每周${middle}（95% 区间 ${low} 到 ${high}）。`,
  byTopics: (middle: string, low: string, high: string, n: number) => `与规模相近、没讲过的 ${n} 个话题相比，${middle}（95% 区间 ${low} 到 ${high}）。话题往往在最热时开课，本来就会回落，这种比法较弱。`,
  more: (n: string) => `多问 ${n} 题`, less: (n: string) => `少问 ${n} 题`, moreShare: (n: string) => `比预期多 ${n}`, lessShare: (n: string) => `比预期少 ${n}`,
  unsure: "区间包含 0：看不出讲课有没有作用。", sure: "区间不包含 0。",
  ofGrades: (grades: string) => `只算${grades}的提问。`, taughtOn: (day: string) => `${day} 那一周不算。`, asTable: "看数字", difference: "差别", interval: "95% 区间",
  // who may teach
  offers: "备课建议", offersNone: "没有新的备课建议", mine: "我接下的", forYou: "教研员希望你来讲", askedBy: (n: number | null, week: number) => `${week === 0 ? "上周" : `${week + 1} 周前`} ${n === null ? "不到 5" : n} 人问`, asked: "多少人问", exemplars: "例题", terms: "关键词", noteOf: (name: string) => `${name}的话`, take: "接下", confirm: "就这么定", decline: "不接", giveBack: "放回去", declineWhy: "说说为什么（可不填）", sureDecline: "不接这条建议？", sureGiveBack: "放回去？", planIt: "安排这场课", record: "开始录制", recordOn: "接着录", plannedFor: "教研员替你排好了时间", seats: (n: number) => `${n} 个名额`, toAll: "开放给全市", toSchools: (names: string) => `开放给 ${names}`, grade: "年级",
  // pupils
  invited: "你问过的，有人讲", invitation: { lecture: (about: string) => `你问过的“${about}”有名师课`, replay: (about: string) => `你问过的“${about}”讲过了，可以看回放`, lesson: (about: string) => `你问过的“${about}”有微课` } as Record<InvitationView["what"], (about: string) => string>,
  by: (name: string) => `${name} 主讲`, look: { lecture: "去看看", replay: "看回放", lesson: "看微课" } as Record<InvitationView["what"], string>, dismiss: "知道了，不再提醒", full: "名额已满，可以排候补", seatsLeft: (n: number) => `还有 ${n} 个名额`,
};

type Words = typeof zh;

const en: Words = {
  propose: "Propose a lesson", teaching: (n) => `Teaching and effect (${n})`, form: "Form", forms: { lecture: "Lecture", lesson: "Micro-lesson" },
  title: "Title", grades: "For grades", points: "Knowledge points (with commas between)", who: "Who should teach it", anybody: "Anybody who teaches the subject", note: "A note to the teacher (optional)",
  proposeMore: "The teacher gets the examples, the telling terms and how many asked, and never who. It expires when nobody takes it within three weeks.",
  plan: "Set the time now, for this teacher to confirm", day: "Day", time: "Begins", lasts: "Lasts", minutes: (n) => `${n} minutes`, capacity: "Seats", schools: "Open to", allSchools: "All schools", someSchools: "Some schools",
  send: "Send", sending: "Sending…", needTitle: "A title first.", needGrade: "At least one grade.", needPoint: "A micro-lesson needs a knowledge point.", needDate: "Choose day and time.", needSchool: "At least one school, or all of them.",
  none: "Nothing proposed yet.",
  states: { open: "Waiting", taken: "Taken", declined: "Declined", withdrawn: "Withdrawn", expired: "Expired" },
  proposedBy: (name, when) => `By ${name}, ${moment(when)}`, wantedOf: (name) => `For ${name}`, wantedGone: (name) => `${name} may not teach this any more: withdraw it and ask somebody else.`, openToAll: "Open to all", takenBy: (name) => `Taken by ${name}`, whyNot: (why) => `Declined: ${why}`, until: (when) => `Stands until ${moment(when)}`,
  planned: (when) => `Planned for ${moment(when)}, to be confirmed`,
  taught: { planned: "In preparation", open: "Enrolling", live: "Live", over: "Held", cancelled: "Cancelled", recording: "Being recorded", shown: "Published", hidden: "Not to be watched yet" },
  invitedOf: (n) => (n === 0 ? "Those who asked are invited (fewer than 5 in each school and grade: no number is told)" : `${n} pupils who asked are invited`), invitedMore: "Counted where 5 or more of a school's grade", withdraw: "Withdraw", sureWithdraw: "Withdraw this proposal?", sureWithdrawMore: "Teachers will not see it any more.", keep: "Keep it",
  effect: "Before and after", before: "Four weeks before", after: "Four weeks after", reached: "Schools that were reached", control: "Schools without it", city: "The whole city", perMille: "Questions of 1,000 enrolled pupils a week",
  verdicts: {
    waits: (e) => `Four whole weeks are compared: from ${e.told_from} on.`,
    short: () => "The topic was not known for four weeks before: nothing to compare with.",
    few: () => "Too few asked (fewer than 5) to tell numbers, or to conclude anything.",
    thin: (e) => (e.method === "schools" ? `Too few schools to compare (${e.units} with ${e.control_units}): a difference may be chance, nothing is concluded.` : `Too few topics of its size that nobody taught (${e.units}): nothing is concluded.`),
    told: () => "",
  },
  bySchools: (middle, low, high, one, other) => `Beside ${other} schools without it, 1,000 pupils of these ${one} asked ${middle} a week (95% interval ${low} to ${high}).`,
  byTopics: (middle, low, high, n) => `Beside ${n} topics of its size that nobody taught: ${middle} (95% interval ${low} to ${high}). Topics are taught at a height and fall by themselves: the weaker comparison.`,
  more: (n) => `${n} questions more`, less: (n) => `${n} questions fewer`, moreShare: (n) => `${n} more than expected`, lessShare: (n) => `${n} fewer than expected`,
  unsure: "The interval holds 0: whether it helped can't be told.", sure: "The interval does not hold 0.",
  ofGrades: (grades) => ` Questions of ${grades} alone.`, taughtOn: (day) => `The week of ${day} is left out.`, asTable: "Figures", difference: "Difference", interval: "95% interval",
  offers: "Proposals", offersNone: "No new proposals", mine: "Taken over", forYou: "Research staff would like you to teach it", askedBy: (n, week) => `${n === null ? "fewer than 5" : n} ${week === 0 ? "last week" : `${week + 1} weeks ago`}`, asked: "How many asked", exemplars: "Examples", terms: "Telling terms", noteOf: (name) => `From ${name}`, take: "Take it over", confirm: "Confirm", decline: "Decline", giveBack: "Give it back", declineWhy: "Why (optional)", sureDecline: "Decline this proposal?", sureGiveBack: "Give it back?", planIt: "Plan the lecture", record: "Record it", recordOn: "Go on recording", plannedFor: "Research staff set a time for you", seats: (n) => `${n} seats`, toAll: "Open to all schools", toSchools: (names) => `Open to ${names}`, grade: "Grades",
  invited: "You asked, and it is taught", invitation: { lecture: (about) => `You asked about “${about}”: there is a lecture`, replay: (about) => `You asked about “${about}”: the lecture can be watched again`, lesson: (about) => `You asked about “${about}”: there is a micro-lesson` },
  by: (name) => `By ${name}`, look: { lecture: "Look", replay: "Watch", lesson: "Watch" }, dismiss: "Got it, don't show again", full: "Full; you may wait for a seat", seatsLeft: (n) => `${n} ${n === 1 ? "seat" : "seats"} left`,
};

export const proposalSay = computed<Words>(() => (language.value === "en" ? en : zh));
