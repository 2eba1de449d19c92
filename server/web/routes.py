"""The whole HTTP and WebSocket surface on one page: every door, and who may come in."""

from server.domain.people import Role
from server.live import protocol as wire
from server.web import (
    afterwards,
    air,
    api,
    auth,
    bank,
    floor,
    lectures,
    library,
    monday,
    on_air,
    pages,
    projects,
    proposals,
    pulse,
    quotas,
    research,
    studio,
    subsidies,
)
from server.web.door import Door

STUDENT = frozenset({Role.STUDENT})
TEACHER = frozenset({Role.TEACHER})
RESEARCHER = frozenset({Role.RESEARCHER})
EITHER = STUDENT | TEACHER
WATCHERS = EITHER | {Role.REVIEWER}
UPLOADERS = EITHER | {Role.LECTURER} | bank.READERS  # whoever searches the bank, photos alone

DOORS: tuple[Door, ...] = (
    *auth.DOORS,
    Door("GET", "/api/demo", pages.demo, "anyone", "The demo's accounts; 404 outside the demo", tag="people",
         reply=wire.Demo),
    # uploads
    Door("POST", "/api/uploads", api.start_upload, UPLOADERS, "Begin an upload", wire.StartUpload, wire.UploadView, 201,
         tag="uploads"),
    Door("GET", "/api/uploads/{id}", api.show_upload, UPLOADERS, "Which parts have arrived", reply=wire.UploadView,
         tag="uploads"),
    Door("POST", "/api/uploads/{id}/parts", api.sign_parts, UPLOADERS, "Signed addresses to PUT parts to",
         wire.SignParts, wire.PartUrls, tag="uploads"),
    Door("POST", "/api/uploads/{id}/complete", api.complete_upload, UPLOADERS, "All parts are there: check, keep them",
         wire.CompleteUpload, wire.MediaView, tag="uploads"),
    # a pupil's questions
    Door("POST", "/api/questions", api.ask_question, STUDENT, "Ask; 200 instead of 201 for a repeat", wire.Ask,
         wire.QuestionView, 201, needs_key=True, tag="questions"),
    Door("GET", "/api/student", api.student_state, STUDENT, "A pupil's page as it stands, or what was before",
         reply=wire.StudentState, tag="questions", query=("before",)),
    Door("GET", "/api/questions/{id}", api.show_question, STUDENT, "One question of one's own",
         reply=wire.QuestionView, tag="questions"),
    Door("POST", "/api/questions/{id}/correct", api.correct, STUDENT, "What was read is put right, and matched again",
         wire.Correct, wire.QuestionView, tag="questions"),
    Door("POST", "/api/questions/{id}/choose", api.choose, STUDENT, "Which problem of the photo is meant",
         wire.Choose, wire.QuestionView, tag="questions"),
    Door("POST", "/api/questions/{id}/solved", api.solved, STUDENT, "It helped", reply=wire.QuestionView,
         tag="questions"),
    Door("POST", "/api/questions/{id}/back", api.back_to_queue, STUDENT, "Not mine, or still stuck: to the queue",
         wire.BackToQueue, wire.QuestionView, tag="questions"),
    Door("POST", "/api/questions/{id}/reopen", api.reopen, STUDENT, "Ask again within seven days of the answer",
         reply=wire.QuestionView, tag="questions"),
    Door("POST", "/api/questions/{id}/withdraw", api.withdraw, STUDENT, "No longer needed", reply=wire.QuestionView,
         tag="questions"),
    Door("GET", "/api/answers/{id}", api.show_answer, WATCHERS, "An answer and its video", reply=wire.AnswerView,
         tag="questions"),
    Door("POST", "/api/answers/{id}/rate", api.rate, STUDENT, "Stars for one's own answer", wire.Rate,
         wire.AnswerView, tag="questions"),
    Door("GET", "/api/answers/{id}/replay", api.show_replay, WATCHERS, "An answer as ink and voice",
         reply=wire.ReplayView, tag="questions"),
    # a teacher's duty
    Door("GET", "/api/teacher", api.teacher_state, TEACHER, "A teacher's page as it stands", reply=wire.TeacherState,
         tag="duty"),
    Door("POST", "/api/duty", api.go_on_duty, TEACHER, "Ready, away or off", wire.GoOnDuty, wire.DutyView, tag="duty"),
    Door("POST", "/api/breath", api.breathe, TEACHER, "How long to breathe between two questions", wire.Breathe,
         wire.DutyView, tag="duty"),
    Door("POST", "/api/offers/{id}/accept", api.accept, TEACHER, "Take the offered question", reply=wire.SessionView,
         tag="duty"),
    Door("POST", "/api/offers/{id}/decline", api.decline, TEACHER, "Leave it to another", reply=wire.DutyView,
         tag="duty"),
    Door("GET", "/api/matches", api.pairs, TEACHER, "Matches to judge, the most doubtful first", reply=wire.Pairs,
         tag="matches"),
    Door("POST", "/api/questions/{id}/judge", api.judge_pair, TEACHER, "The same problem, or another", wire.Judge,
         wire.Pairs, tag="matches"),
    Door("GET", "/api/research/reliability", api.reliability, RESEARCHER, "How sure the matcher is, and how right",
         reply=wire.Reliability, tag="matches"),
    *monday.DOORS,
    *projects.DOORS,
    Door("GET", "/api/earnings", api.earnings, TEACHER, "What was earned, and for what", reply=wire.EarningsView,
         tag="duty"),
    # live sessions
    Door("GET", "/api/ice", api.ice, EITHER, "STUN and TURN servers, with passwords for an evening", reply=wire.IceView,
         tag="sessions"),
    Door("GET", "/api/sessions/{id}", api.show_session, EITHER, "A session with its whole board",
         reply=wire.SessionSnapshot, tag="sessions"),
    Door("POST", "/api/sessions/{id}/hand-back", api.hand_back, TEACHER, "Back to the queue, for another teacher",
         wire.HandBack, wire.DutyView, tag="sessions"),
    # editions of answers, recordings without a pupil, the reviewer, guardians
    *studio.DOORS,
    # lectures
    *lectures.DOORS,
    *air.DOORS,
    *afterwards.DOORS,
    *pulse.DOORS,
    *floor.DOORS,
    *on_air.DOORS,
    *library.DOORS,
    # money
    *subsidies.DOORS,
    # what questions are about
    *research.DOORS,
    # from a finding to its lesson, and back
    *proposals.DOORS,
    *quotas.DOORS,
    *bank.DOORS,
    Door("POST", "/api/sessions/{id}/pause", api.pause, TEACHER, "Stop for a moment, or go on", wire.Pause,
         wire.SessionView, tag="sessions"),
    Door("POST", "/api/sessions/{id}/here", api.still_here, EITHER, "A sign of life", tag="sessions"),
    # the operator's
    *pages.DOORS,
)  # fmt: skip
