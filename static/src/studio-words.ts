// What is said where answers are made, changed and looked at: the studio, editions, the reviewer, guardians' consent.
import { computed } from "@preact/signals";
import type { EditionView, Purpose } from "./protocol";
import { language } from "./words";

const zh = {
  // editions
  mask: "遮住", maskHint: "在画面上拖出一块要遮住的地方。遮住的内容从录像和回放里一起去掉，谁也看不到。", maskWhole: "一直遮", maskFrom: (at: string) => `从 ${at} 起遮`, maskUntil: (from: string, to: string) => `遮 ${from} – ${to}`, maskList: "要遮住的", maskOf: (page: number, when: string) => `第 ${page} 页，${when}`, always: "一直", noMask: "不遮这块", saveMask: "遮好，存成新版", maskByNumbers: "用数字框选", edges: { left: "左", top: "上", right: "右", bottom: "下" }, percent: "%", addMask: "加上这块",
  split: "分成两段", splitHint: "这里以后成为另一段讲解，前一段在这里结束。两段各讲各的题。", splitHere: (at: string) => `在 ${at} 分开`, secondProblem: "后一段讲的是哪道题", saveSplit: "分开",
  retake: "从这里重讲", retakeHint: "放到要重讲的地方。前面的板书和声音都留着，从这里接着讲，讲完替换后面的部分。", retakeHere: (at: string) => `从 ${at} 重讲`,
  editions: "版本", editionN: (n: number) => `第 ${n} 版`, editionShown: "现在看到的", editionBack: "恢复这一版", why: { made: "讲完时", cut: "剪辑", masked: "遮住", retaken: "重讲", whole: "恢复全部", "made again": "重新生成" } as Record<EditionView["why"], string>,
  waitsForReview: "等审核：提问的同学已经能看，审核后才会推荐给别人。", sentBack: "审核退回：", sentBackMore: "改好存成新版，会再送审。",
  // the studio
  recordTitle: "录一段", recordMore: "没人值班时的提问，可以先录好讲解；同学上线就能看到。", record: "录讲解", nothingWaits: "没有等着的题", nothingWaitsMore: "你学科里的题都有人讲了。", photos: (n: number) => `${n} 张照片`, noWords: "照片题，接下后能看到", crowd: (n: number) => `${n + 1} 人在等`,
  lesson: "录一节微课", lessonMore: "三五分钟讲清一个知识点，不针对某道题。", lessonTitle: "标题", lessonPoint: "知识点", begin: "开始录", myLessons: "我的微课", lessonTag: "微课",
  lessonsBeside: "同一知识点的微课", tryAgain: "再试一次",
  kinds: { live: "", answer: "录讲解", lesson: "微课", retake: "重讲" } as Record<string, string>, keepLesson: "录好了", keepRetake: "用这一版", sureLesson: "录好了？", sureRetake: "用重讲的这一版？", moreLesson: "板书和录音会合成录像。", moreRetake: "前面的保留，后面换成刚才重讲的。新版做好前，大家看的还是原来那版。", drop: "不要了", sureDrop: "不要这次录的？", moreDrop: "板书和录音都不会留下。", keepOn: "接着录", dropped: "这次录制没有留下。",
  beingRecorded: (teacher: string) => `${teacher}正在录讲解`, beingRecordedMore: "讲好就出现在这里，不用等着。", moreAnswers: "同一次还讲了",
  voiceKept: "你说的话会录进讲解里（家长已同意）。", voiceNotKept: "你说的话只有老师听到，不会录下来。",
  // the reviewer
  ofLectures: "名师课", waitKinds: { replay: "回放", captions: "字幕" },
  review: "审核", reviewMore: "提问的同学马上能看到讲解。这里审的是：能不能推荐给别的同学。", rule: { at_once: "现在的设置：不用审核，讲完就入库。", trusted: "现在的设置：免审教师的讲解直接入库，其余先审。", all: "现在的设置：每一段都先审再入库。" }, queue: (n: number) => `待审 ${n} 段`, nothingToReview: "没有要审的", nothingToReviewMore: "新的讲解做好后会出现在这里。", look: "看这段", looking: "正在看", heardPupil: "里面有学生的声音（家长已同意）", earlierWords: "以前的意见", approve: "通过，入库", sendBack: "退回修改", reviewDown: "下架", words: "给老师的话", wordsNeeded: "写一句为什么", trust: "以后免审", trusted: "已免审", untrust: "取消免审", approved: "已通过", returned: "已退回", down: "已下架", problem: "讲的题", byTeacher: (name: string) => `${name}讲解`, editionOf: (n: number) => `第 ${n} 版`, downSure: "下架后，提问的同学也看不到了。",
  // consent
  school: "本校", consent: "家长同意", consentMore: "按纸质或线上回执登记。每次查看学生名单都会留痕。", search: "按姓名或账号找", noPupils: "没有找到学生", noPupilsMore: "换个字再找；学生名单由导入的花名册来。", morePupils: "只列出前 50 名，请缩小范围。", said: (when: string) => `${when} 登记`, never: "还没有登记", withdrawSure: (what: string) => `撤回“${what}”？`, withdrawMore: "有这名学生声音的讲解马上停止推荐，并去掉声音重新生成；录音随即删除。", withdrawPlain: "从现在起不再这样用。", withdraw: "撤回同意",
  purposes: { service: "使用答疑", recording: "录下声音", public_video: "给别的同学看", research: "用于教研", lecture: "在直播课里发言" } as Record<Purpose, string>,
  wordings: { service: "孩子可以在答疑里提问，老师在线讲解。", recording: "讲题时孩子说的话可以录进这道题的讲解。不同意：只有老师当场听到，不录。", public_video: "有孩子声音的讲解可以推荐给问同一道题的同学，不出现姓名。", research: "去掉身份后，按五人以上的组做教研统计。", lecture: "孩子在名师直播课里举手后，老师可以请孩子用语音说，课堂里的人当场听到，不出现姓名。“录下声音”和“给别的同学看”也同意时，回放和整场视频里也有；否则只当场听到，不录。" } as Record<Purpose, string>,
  myChildren: "我的孩子", myChildrenMore: "您自己决定，随时可以撤回；撤回当场生效，学校不能替您重新同意。不同意录音不影响提问。", noChildren: "还没有和孩子关联", noChildrenMore: "请联系学校，在花名册里写上孩子的账号。",
  heardIn: (n: number) => (n === 0 ? "现在没有讲解里有孩子的声音" : `现在有 ${n} 段讲解里有孩子的声音`),
  bothNeeded: "“录下声音”和“给别的同学看”都同意，声音才会录；否则讲解里只有老师的声音。",
};

type Words = typeof zh;

const en: Words = {
  mask: "Hide", maskHint: "Drag over what is to be hidden. It goes from the video and the replay alike; nobody can get it back.", maskWhole: "All the time", maskFrom: (at) => `Hide from ${at}`, maskUntil: (from, to) => `Hide ${from} – ${to}`, maskList: "To be hidden", maskOf: (page, when) => `Page ${page}, ${when}`, always: "all the time", noMask: "Don't hide it", saveMask: "Hide, as a new edition", maskByNumbers: "By numbers", edges: { left: "Left", top: "Top", right: "Right", bottom: "Bottom" }, percent: "%", addMask: "Add this region",
  split: "Split in two", splitHint: "From here on it is another answer; the first one ends here. Each answers its own problem.", splitHere: (at) => `Split at ${at}`, secondProblem: "Which problem the second part answers", saveSplit: "Split",
  retake: "Teach anew from here", retakeHint: "Go to the moment. Ink and voice before it stay; you go on from there, and what followed is replaced.", retakeHere: (at) => `Anew from ${at}`,
  editions: "Editions", editionN: (n) => `Edition ${n}`, editionShown: "watched now", editionBack: "Back to this one", why: { made: "as taught", cut: "cut", masked: "hidden regions", retaken: "taught anew", whole: "all of it", "made again": "made again" },
  waitsForReview: "Waits for a reviewer: whoever asked can watch it; others are shown it afterwards.", sentBack: "Sent back: ", sentBackMore: "Change it and save a new edition; it is looked at again.",
  recordTitle: "Record", recordMore: "Questions asked while nobody is on duty: record the explanation, the pupil finds it.", record: "Record an answer", nothingWaits: "Nothing waits", nothingWaitsMore: "All questions of your subjects are taken care of.", photos: (n) => (n === 1 ? "1 photo" : `${n} photos`), noWords: "A photo: you see it when you take the question", crowd: (n) => `${n + 1} wait for it`,
  lesson: "Record a short lesson", lessonMore: "A few minutes on one knowledge point, with no question behind it.", lessonTitle: "Title", lessonPoint: "Knowledge point", begin: "Begin", myLessons: "My lessons", lessonTag: "Lesson",
  lessonsBeside: "Short lessons on the same point", tryAgain: "Try again",
  kinds: { live: "", answer: "Recording", lesson: "Lesson", retake: "Taught anew" }, keepLesson: "Done", keepRetake: "Use this one", sureLesson: "Done?", sureRetake: "Use what you taught anew?", moreLesson: "Ink and voice become a video.", moreRetake: "What came before stays, what followed is replaced. The old one is watched until the new one is made.", drop: "Discard", sureDrop: "Discard this recording?", moreDrop: "Neither ink nor voice is kept.", keepOn: "Go on", dropped: "Nothing of this recording was kept.",
  beingRecorded: (teacher) => `${teacher} is recording an explanation`, beingRecordedMore: "It appears here when it is done; you need not wait.", moreAnswers: "Explained in the same session",
  voiceKept: "What you say is kept in the explanation (your guardian agreed).", voiceNotKept: "Only the teacher hears what you say; it is not recorded.",
  ofLectures: "Lectures", waitKinds: { replay: "Replay", captions: "Captions" },
  review: "Review", reviewMore: "Whoever asked sees the explanation at once. What you decide: whether others are shown it.", rule: { at_once: "Set to: no review, straight into the bank.", trusted: "Set to: trusted teachers go straight into the bank, others are reviewed.", all: "Set to: every answer is reviewed." }, queue: (n) => `${n} to review`, nothingToReview: "Nothing to review", nothingToReviewMore: "New explanations appear here once they are made.", look: "Look", looking: "Looking at it", heardPupil: "A pupil is heard in it (the guardian agreed)", earlierWords: "Said before", approve: "Approve", sendBack: "Send back", reviewDown: "Take down", words: "A word to the teacher", wordsNeeded: "Say why", trust: "Needs no review from now on", trusted: "Trusted", untrust: "Review again", approved: "Approved", returned: "Sent back", down: "Taken down", problem: "The problem", byTeacher: (name) => `Explained by ${name}`, editionOf: (n) => `edition ${n}`, downSure: "Whoever asked can't watch it any more either.",
  school: "School", consent: "Guardians' consent", consentMore: "As the returned forms say. Every look at the list of pupils is written down.", search: "Find by name or account", noPupils: "No pupil found", noPupilsMore: "Try other characters; pupils come from the imported roster.", morePupils: "The first 50 are shown; narrow the search.", said: (when) => `noted ${when}`, never: "nothing noted yet", withdrawSure: (what) => `Withdraw “${what}”?`, withdrawMore: "Explanations with this pupil's voice are no longer shown to others, are made again without it, and the recordings are deleted.", withdrawPlain: "From now on it is no longer done.", withdraw: "Withdraw",
  purposes: { service: "Use the service", recording: "Record the voice", public_video: "Show to others", research: "Research", lecture: "Speak in lectures" },
  wordings: { service: "The child may ask, and teachers explain.", recording: "What the child says may be kept in the explanation. Otherwise only the teacher hears it.", public_video: "Explanations with the child's voice may be shown to those who ask the same, without a name.", research: "Without identity, in groups of five or more.", lecture: "A child who raised a hand in a lecture may be asked to speak; who is in the room hears it, without a name. With both “Record the voice” and “Show to others” it is in the replay and the video, too; otherwise it is heard once and not recorded." },
  myChildren: "My children", myChildrenMore: "You decide, and may take it back at any time: it holds at once, and the school can't agree again instead of you. Without recording, asking works as ever.", noChildren: "No child is yours here yet", noChildrenMore: "Ask the school to put your child's account into its roster.",
  heardIn: (n) => (n === 0 ? "The child's voice is in no explanation now" : n === 1 ? "The child's voice is in 1 explanation now" : `The child's voice is in ${n} explanations now`),
  bothNeeded: "The voice is recorded only with both “Record the voice” and “Show to others”; otherwise only the teacher is heard.",
};

export const studio = computed<Words>(() => (language.value === "en" ? en : zh));
