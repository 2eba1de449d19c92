// What the pages of lectures say, Chinese first.
import { computed } from "@preact/signals";
import type { LectureState } from "./protocol";
import { language, moment } from "./words";

const zh = {
  title: "名师课", back: "提问", find: "选课", mine: "我的课", yours: "我的名师课",
  search: "老师、课名或知识点", anySubject: "全部学科", anyGrade: "全部年级", byTime: "按空闲时间找", day: "日期", from: "几点起", until: "几点前", clear: "不限", hoursWrong: "结束时间要晚于开始时间。",
  none: "没有找到合适的课", noneMore: "换个条件试试，或者过两天再来看看。", noneMine: "还没有报名", noneMineMore: "在“选课”里挑一场，开讲前会在页面上提醒你。", more: "看更晚的课",
  seatsLeft: (n: number) => `还有 ${n} 个名额`, full: "名额已满", waitingOf: (n: number) => `${n} 人候补`, of: (taken: number, capacity: number) => `已报 ${taken} / ${capacity}`,
  enrol: "报名", queue: "排候补", leave: "退出", seated: "已报名", waiting: (ahead: number) => (ahead === 0 ? "候补第 1 位" : `候补，前面还有 ${ahead} 人`), waitingMore: "有人退出时自动补上，不用一直看着。",
  sureLeave: "退出这场课？", sureLeaveMore: "名额会让给候补的同学，再报要排到最后。", yes: "退出", no: "先不",
  calendar: "加到日历", details: "详情", hide: "收起", by: (name: string) => `${name} 主讲`, points: "知识点", enter: "进入课堂", notYet: (when: string) => `${when} 可以进入`, past: "以前的课",
  movedUp: (title: string) => `候补到了：你有《${title}》的座位了。`, changed: (title: string) => `《${title}》的时间改了，请看一看。`, cancelled: (title: string) => `《${title}》取消了。`, seen: "知道了", whyCancelled: (why: string) => `取消原因：${why}`,
  reminderLive: (title: string) => `《${title}》正在直播`, reminderSoon: (title: string, min: number) => `《${title}》还有 ${min} 分钟开讲`, look: "去看看",
  states: { planned: "草稿", open: "报名中", live: "直播中", over: "已结束", cancelled: "已取消" } as Record<LectureState, string>,
  // the lecturer
  newOne: "安排一场课", edit: "修改安排", name: "课名", about: "简介（可不填）", subject: "学科", stage: "学段", stages: { primary: "小学", junior: "初中", senior: "高中" } as Record<string, string>, grades: "适合年级", pointsHint: "知识点（用逗号隔开）", starts: "开始", lasts: "时长", minutes: (n: number) => `${n} 分钟`, capacity: "名额",
  schools: "开放给", allSchools: "全市学校", someSchools: "指定学校", cover: "封面", chooseCover: "选一张图", dropCover: "不要封面", coverWrong: "请选一张 20 MB 以内的图片。",
  save: "保存", saving: "正在保存…", saved: "已保存", discard: "不改了", open: "开放报名", openNote: "现在只有你能看到。开放报名后，学生就能找到它。", cancelIt: "取消这场课", cancelWhy: "为什么取消（报了名的同学会看到）", sureCancel: "取消这场课？", keep: "先不取消", needTitle: "先写课名。", needGrade: "至少选一个年级。", needSchool: "至少选一所学校，或者开放给全市。", needDate: "选好日期和时间。",
  noLectures: "还没有安排过课", noLecturesMore: "点“安排一场课”，选好时间和名额，开放报名后学生就能看到。", choose: "从左边选一场课", upcoming: "接下来的课", before: "以前的课",
  materials: "讲义", materialsMore: "PDF 的每一页会成为白板的一页，一共最多 50 页。", addPdf: "添加 PDF", sendingPdf: (percent: number) => `正在上传 ${percent}%`, openingPdf: "正在变成白板页…", noMaterials: "还没有讲义，也可以直接在空白页上讲。", pages: (n: number) => `${n} 页`, remove: "删除", pageOf: (name: string, n: number) => `${name} 第 ${n} 页`, pdfTooLarge: "PDF 最大 50 MB，这个太大了。",
  fields: { title: "课名", about: "简介", subject: "学科", stage: "学段", grades: "年级", knowledge_points: "知识点", starts_at: "开始时间", ends_at: "时长", capacity: "名额", schools: "学校", cover_id: "封面" } as Record<string, string>, wrongIn: (field: string) => `请检查：${field}`,
  listeners: (n: number) => `${n} 人报名`,
  // the room
  room: "课堂", goLive: "开始直播", resume: "回到课堂", endLive: "下课", sureEnd: "现在下课？", sureEndMore: "所有同学都会离开课堂，这场课不能再继续。", goOn: "接着讲", elsewhere: "你在另一个页面上接着讲了，这一页只能看。", takeOver: "在这里接着讲", notOnAir: "还没开始", notOnAirMore: "同学们已经可以进来等。点右上角“开始直播”，白板和你的声音就到大家那里。", notBegun: "老师马上就来", notBegunMore: "开讲后白板会自动出现，不用刷新。", ended: "下课了", endedMore: "谢谢你来听课。", gone: "进不了这个课堂", removed: "这个课堂现在不对你开放。", opening: "正在打开课堂…", opens: (when: string) => `${when} 可以进入课堂`,
  live: "直播中", questions: "提问", chat: "聊天", held: "待看", people: "出勤", noQuestions: "还没有人提问", noQuestionsMore: "不懂的地方问出来，有同样问题的同学会给你加一。", noChat: "还没有人说话", noHeld: "没有要看的发言", noPeople: "还没有人进来",
  askHere: "向老师提一个问题", sayHere: "说一句…", send: "发送", same: "我也想问", votes: (n: number) => `${n} 人想问`, answered: "已解答", markAnswered: "标为已解答", show: "放出", hideLine: "收起来", hidden: "已收起", mute: "禁言", unmute: "解除禁言", removeAuthor: "移出课堂", sureRemove: "把这位同学移出课堂？", sureRemoveMore: "移出后，这场课就不能再进来了。", muted: "老师让你先听一会儿，暂时不能发言。", waitsForLook: "发出去了，老师看过后大家才能看到。", teacherTag: "老师",
  whyHeld: { contact: "像联系方式", link: "像网址", abuse: "像骂人" } as Record<string, string>, slow: "发言间隔", slowOf: (s: number) => (s === 0 ? "不限" : `${s} 秒`), here: (n: number) => `${n} 人在听`, stayed: (min: number) => `听了 ${min} 分钟`, listening: "在听", left: "已离开",
};

type Words = typeof zh;

const en: Words = {
  title: "Lectures", back: "Ask", find: "Find", mine: "Mine", yours: "My lectures",
  search: "Teacher, title or topic", anySubject: "All subjects", anyGrade: "All grades", byTime: "By my free time", day: "Day", from: "From", until: "Until", clear: "Any time", hoursWrong: "The end must be after the beginning.",
  none: "No lecture fits", noneMore: "Try other filters, or look again in a few days.", noneMine: "No place yet", noneMineMore: "Choose one under “Find”; the page reminds you before it begins.", more: "Later lectures",
  seatsLeft: (n) => `${n} ${n === 1 ? "seat" : "seats"} left`, full: "Full", waitingOf: (n) => `${n} waiting`, of: (taken, capacity) => `${taken} of ${capacity} seats taken`,
  enrol: "Enrol", queue: "Join waiting list", leave: "Leave", seated: "Enrolled", waiting: (ahead) => (ahead === 0 ? "First on the waiting list" : `Waiting, ${ahead} before you`), waitingMore: "You move up by yourself when somebody leaves; no need to watch.",
  sureLeave: "Leave this lecture?", sureLeaveMore: "Your seat goes to who waits; coming again means the end of the list.", yes: "Leave", no: "Stay",
  calendar: "To my calendar", details: "Details", hide: "Less", by: (name) => `By ${name}`, points: "Topics", enter: "Enter", notYet: (when) => `Opens ${when}`, past: "Earlier",
  movedUp: (title) => `You have moved up: there is a seat for you in “${title}”.`, changed: (title) => `“${title}” has another time; please look.`, cancelled: (title) => `“${title}” is cancelled.`, seen: "Got it", whyCancelled: (why) => `Cancelled: ${why}`,
  reminderLive: (title) => `“${title}” is live now`, reminderSoon: (title, min) => `“${title}” begins in ${min} min`, look: "Look",
  states: { planned: "Draft", open: "Enrolling", live: "Live", over: "Over", cancelled: "Cancelled" },
  newOne: "Plan a lecture", edit: "Change the plan", name: "Title", about: "About (optional)", subject: "Subject", stage: "Stage", stages: { primary: "Primary", junior: "Junior", senior: "Senior" }, grades: "For grades", pointsHint: "Topics (with commas between)", starts: "Begins", lasts: "Lasts", minutes: (n) => `${n} minutes`, capacity: "Seats",
  schools: "Open to", allSchools: "All schools", someSchools: "Some schools", cover: "Cover", chooseCover: "Choose a picture", dropCover: "No cover", coverWrong: "Please choose a picture of at most 20 MB.",
  save: "Save", saving: "Saving…", saved: "Saved", discard: "Discard", open: "Open for enrolment", openNote: "Only you see it now. Once open, pupils find it.", cancelIt: "Cancel the lecture", cancelWhy: "Why (everybody with a place reads it)", sureCancel: "Cancel this lecture?", keep: "Keep it", needTitle: "Write a title first.", needGrade: "Choose at least one grade.", needSchool: "Choose a school, or open it to all.", needDate: "Choose day and time.",
  noLectures: "Nothing planned yet", noLecturesMore: "Plan a lecture: a time, seats; pupils find it once it is open.", choose: "Choose a lecture on the left", upcoming: "To come", before: "Earlier",
  materials: "Materials", materialsMore: "Each page of a PDF becomes a page of the board; 50 in all at most.", addPdf: "Add a PDF", sendingPdf: (percent) => `Uploading ${percent}%`, openingPdf: "Becoming board pages…", noMaterials: "None yet; you can also teach on blank pages.", pages: (n) => `${n} ${n === 1 ? "page" : "pages"}`, remove: "Remove", pageOf: (name, n) => `${name}, page ${n}`, pdfTooLarge: "A PDF has at most 50 MB; this one is too large.",
  fields: { title: "title", about: "about", subject: "subject", stage: "stage", grades: "grades", knowledge_points: "topics", starts_at: "beginning", ends_at: "length", capacity: "seats", schools: "schools", cover_id: "cover" }, wrongIn: (field) => `Please check: ${field}`,
  listeners: (n) => `${n} enrolled`,
  room: "Room", goLive: "Go on air", resume: "To the room", endLive: "End", sureEnd: "End the lecture now?", sureEndMore: "Everybody leaves the room; it can't go on afterwards.", goOn: "Go on", elsewhere: "You went on in another page; this one only shows.", takeOver: "Go on here", notOnAir: "Not on air yet", notOnAirMore: "Pupils may come in and wait. “Go on air”, above, brings the board and your voice to all of them.", notBegun: "The lecturer is coming", notBegunMore: "The board appears by itself; no need to reload.", ended: "It is over", endedMore: "Thank you for listening.", gone: "You can't enter this room", removed: "This room is not open to you.", opening: "Opening the room…", opens: (when) => `Opens ${when}`,
  live: "Live", questions: "Questions", chat: "Chat", held: "Held", people: "Attendance", noQuestions: "No question yet", noQuestionsMore: "Ask what is unclear; who has the same question adds to yours.", noChat: "Nobody has spoken yet", noHeld: "Nothing to look at", noPeople: "Nobody is here yet",
  askHere: "Ask the lecturer", sayHere: "Say something…", send: "Send", same: "Same here", votes: (n) => `${n} ask this`, answered: "Answered", markAnswered: "Mark answered", show: "Show", hideLine: "Hide", hidden: "Hidden", mute: "Mute", unmute: "Unmute", removeAuthor: "Remove", sureRemove: "Remove this pupil?", sureRemoveMore: "Who is removed can't come back to this lecture.", muted: "You have been asked to listen for a while.", waitsForLook: "Sent; the others see it once the lecturer has looked.", teacherTag: "Lecturer",
  whyHeld: { contact: "maybe a contact", link: "maybe a link", abuse: "maybe abuse" }, slow: "Pace", slowOf: (s) => (s === 0 ? "any" : `${s} s`), here: (n) => `${n} listening`, stayed: (min) => `${min} min`, listening: "here", left: "left",
};

export const lectureSay = computed<Words>(() => (language.value === "en" ? en : zh));

const hours = (iso: string): string => {
  const then = new Date(iso);
  return `${String(then.getHours()).padStart(2, "0")}:${String(then.getMinutes()).padStart(2, "0")}`;
};

/** 周六 19:00–20:00, with the day in the words of `moment`. */
export function slot(startsAt: string, endsAt: string): string {
  const day = new Intl.DateTimeFormat(language.value === "en" ? "en" : "zh-CN", { weekday: "short" }).format(new Date(startsAt));
  return `${moment(startsAt).replace(/ (?=\d\d:)/, ` ${day} `)}–${hours(endsAt)}`;
}
