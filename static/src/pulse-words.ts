// What a room's pulse says: polls, raised hands, who is lost; Chinese first.
import { computed } from "@preact/signals";
import type { LectureFigures } from "./protocol";
import { language } from "./words";

const zh = {
  polls: "互动", hands: "举手",
  // polls
  ask: "问大家", question: "问题", option: (n: number) => `选项 ${n}`, addOption: "加一个选项", dropOption: (n: number) => `去掉选项 ${n}`, right: "正确答案", noRight: "没有（只是问问）", send: "发出去", sending: "正在发…",
  quick: "快速问", understood: "听懂了吗？", understoodOptions: ["听懂了", "有点懂", "没听懂"], choose: "选哪个？", need: "写好问题和至少两个不同的选项。",
  close: "结束作答", closed: "已结束", asking: "正在作答", answered: (n: number) => `${n} 人作答`, chosen: "你选的", isRight: "正确", pick: "选一个，结束前可以改", picked: "已收到，结束前可以改", wasRight: "答对了！", wasWrong: (right: string) => `正确答案是“${right}”`, over: "作答结束", put: "收起来", quiz: "小测", none: "还没有问过大家", earlier: "问过的",
  // hands
  raise: "举手", lower: "把手放下", up: (ahead: number) => (ahead === 0 ? "你排第一个" : `前面还有 ${ahead} 人`), yourWord: "老师请你说", yourWordMore: "写下你的问题，大家都会看到。说完老师会回答。", yourQuestion: "写下你的问题", sent: "老师看到了，请听老师讲。", somebody: "老师正在听一位同学的问题。", take: "请这位说", done: "听完了", skip: "先不请", has: "正在说", noHands: "没有人举手", noHandsMore: "学生举手后按先后排在这里，一次请一位用文字提问。", waiting: (n: number) => `${n} 人举手`, byHand: "举手",
  // lost
  lost: "没听懂", lostSent: "已告诉老师", lostNow: (n: number, came: number) => `最近一分钟 ${n} 人没听懂${came > 0 ? `（共 ${came} 人）` : ""}`, lostNone: "最近一分钟没有人说没听懂", lostLine: "每半分钟没听懂的人数",
  // muted
  muted: "禁言和移出", noMuted: "没有被禁言的同学", isMuted: "已禁言", isRemoved: "已移出", unmute: "解除禁言",
  // who looks after lectures, and what came of one
  onAir: "直播和将要开始的课", nothingOn: "没有直播，也没有要开始的课", nothingOnMore: "两周以内的课会列在这里。", heldLines: (n: number) => `${n} 条待看`, stop: "停止直播", sureStop: (title: string) => `停止《${title}》？`, goOn: "不停",
  cameOf: "这场课的情况", manyLost: "很多人没听懂的地方：", figures: (of: LectureFigures): [string, string][] => [["直播", `${of.minutes} 分钟`], ["来听", `${of.came} / ${of.enrolled} 人`], ["平均听了", `${of.mean_minutes} 分钟`], ["提问", `${of.questions} 个，解答 ${of.answered}`], ["聊天", `${of.chat} 条`], ["举手", `${of.hands} 人，请了 ${of.heard} 次`]],
};

type Words = typeof zh;

const en: Words = {
  polls: "Polls", hands: "Hands",
  ask: "Ask the room", question: "Question", option: (n) => `Option ${n}`, addOption: "Add an option", dropOption: (n) => `Remove option ${n}`, right: "Right answer", noRight: "None (just asking)", send: "Ask", sending: "Asking…",
  quick: "Quick", understood: "Is it clear?", understoodOptions: ["Clear", "Partly", "Not clear"], choose: "Which one?", need: "Write the question and at least two different options.",
  close: "Close", closed: "Closed", asking: "Open", answered: (n) => `${n} answered`, chosen: "yours", isRight: "right", pick: "Choose one; you may change it until it closes", picked: "Received; you may change it until it closes", wasRight: "That is right!", wasWrong: (right) => `Right is “${right}”`, over: "Closed", put: "Put away", quiz: "Quiz", none: "Nothing asked yet", earlier: "Asked before",
  raise: "Raise hand", lower: "Lower hand", up: (ahead) => (ahead === 0 ? "You are next" : `${ahead} before you`), yourWord: "You have the word", yourWordMore: "Write your question; everybody sees it, and the lecturer answers.", yourQuestion: "Your question", sent: "The lecturer has it; listen now.", somebody: "The lecturer is listening to a pupil.", take: "Take", done: "Done", skip: "Skip", has: "has the word", noHands: "No hand is up", noHandsMore: "Raised hands wait here in their order; one pupil at a time asks in writing.", waiting: (n) => `${n} ${n === 1 ? "hand" : "hands"} up`, byHand: "hand",
  lost: "I'm lost", lostSent: "The lecturer knows", lostNow: (n, came) => `${n} lost in the last minute${came > 0 ? ` (of ${came})` : ""}`, lostNone: "Nobody lost in the last minute", lostLine: "How many were lost, each half minute",
  muted: "Muted and removed", noMuted: "Nobody is muted", isMuted: "muted", isRemoved: "removed", unmute: "Unmute",
  onAir: "On air and to come", nothingOn: "Nothing on air, and nothing to come", nothingOnMore: "Lectures of the next two weeks are listed here.", heldLines: (n) => `${n} held`, stop: "Stop it", sureStop: (title) => `Stop “${title}”?`, goOn: "Let it go on",
  cameOf: "What came of it", manyLost: "Where many were lost: ", figures: (of) => [["On air", `${of.minutes} min`], ["Came", `${of.came} of ${of.enrolled}`], ["Stayed on average", `${of.mean_minutes} min`], ["Questions", `${of.questions}, ${of.answered} answered`], ["Chat", `${of.chat} lines`], ["Hands", `${of.hands} pupils, heard ${of.heard} times`]],
};

export const pulseSay = computed<Words>(() => (language.value === "en" ? en : zh));
