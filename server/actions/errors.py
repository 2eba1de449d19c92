"""What a person may be told when something can't be done; a class's docstring is the Chinese sentence, `en` its twin.

Refusal
 ├─ NotHere            what you ask for does not exist, or is not yours: the two look the same
 ├─ NotAllowed         you may not do that
 ├─ BadRequest         what you sent makes no sense
 ├─ KeyReused          this idempotency key belongs to another request
 ├─ FileUsed           this file belongs to another question
 ├─ Moved              the thing is no longer where you think it is
 │   ├─ OfferGone
 │   ├─ Fenced
 │   ├─ SessionOver
 │   ├─ PenLocked      the teacher keeps the board for a while
 │   └─ ProposalGone   somebody else has the proposal
 ├─ BadLecture         a lecture can't be planned so
 ├─ NotEnrolling       nobody may enrol in this lecture now
 ├─ Clash              the pupil has another lecture at that time
 ├─ ListFull           the waiting list too
 ├─ OffShift           no shift on the roster now
 ├─ TooMuch            limits of size or pace
 └─ Later              a part is missing right now: try again
"""


class Refusal(Exception):
    """现在不能这样做。"""

    code = "refused"
    en = "That can't be done now."
    status = 409

    @property
    def zh(self) -> str:
        return (type(self).__doc__ or "").strip()


class NotHere(Refusal):
    """没有找到。"""

    code, en, status = "not_found", "Not found.", 404


class NotAllowed(Refusal):
    """你没有权限这样做。"""

    code, en, status = "not_allowed", "You may not do that.", 403


class SignedOut(Refusal):
    """请先登录。"""

    code, en, status = "signed_out", "Please sign in.", 401


class BadRequest(Refusal):
    """发来的内容不对。"""

    code, en, status = "bad_request", "What was sent makes no sense.", 400


class EmptyQuestion(BadRequest):
    """题目是空的：拍一张照片，或者写几个字。"""

    code, en, status = "empty_question", "The question is empty: take a photo or write a few words.", 422


class KeyReused(Refusal):
    """这个请求编号已经用于别的内容。"""

    code, en, status = "key_reused", "This idempotency key was used for another request.", 422


class FileUsed(Refusal):
    """这个文件已经用在另一道题里了，请重新拍一张或录一段。"""

    code, en = "file_used", "This file belongs to another question: take or record a new one."


class Moved(Refusal):
    """题目的状态已经变了，页面会显示最新的情况。"""

    code, en = "moved", "The question has moved on; the page shows where it is now."


class OfferGone(Moved):
    """这道题已经派给别的老师了。"""

    code, en = "offer_gone", "This question has gone to another teacher."


class Fenced(Moved):
    """这道题已经不在你这里了。"""

    code, en = "fenced", "This question is no longer yours."


class SessionOver(Moved):
    """这次答疑已经结束。"""

    code, en = "session_over", "This session is over."


class PenLocked(Moved):
    """老师暂时收起了你的笔。"""

    code, en = "pen_locked", "The teacher has put your pen away for the moment."


class TooLate(Refusal):
    """超过七天，不能再重新提问这道题了，请提一个新问题。"""

    code, en = "too_late", "A question can be reopened within seven days; please ask a new one."


class OffShift(Refusal):
    """现在不是你的值班时间，请联系值班管理员。"""

    code, en = "off_shift", "You have no shift now; please ask the duty administrator."


class BusyTeaching(Refusal):
    """请先结束正在讲的题。"""

    code, en = "busy", "Finish the question you are answering first."


class BadLecture(BadRequest):
    """名师课的安排有不对的地方，请检查标出的那一项。"""

    code, en, status = "bad_lecture", "Something in the plan is not right; please check what is marked.", 422


class LectureFixed(Refusal):
    """这场名师课现在不能这样改了。"""

    code, en = "lecture_fixed", "This lecture can't be changed in this way any more."


class LecturerBusy(Refusal):
    """你在这个时间已经安排了另一场名师课。"""

    code, en = "lecturer_busy", "You have planned another lecture at that time."


class TooFewAsked(Refusal):
    """近四周问这个话题的同学太少，暂时不能由它发起备课。"""

    code, en = "too_few_asked", "Too few pupils asked about this topic in the last four weeks to propose from it."


class ProposalGone(Moved):
    """这条建议已经被别人接下，或者不再有效。"""

    code, en = "proposal_gone", "This proposal was taken by somebody else, or does not stand any more."


class ProposalPlanned(Refusal):
    """已经按这条建议安排了课。要放回去，请先取消那场课。"""

    code, en = "proposal_planned", "Something is planned for this proposal already; to give it back, cancel that first."


class QuarterClosed(Refusal):
    """这个季度已经截止，不能再改。"""

    code, en = "quarter_closed", "This quarter is closed; nothing in it can be changed."


class SeatsTaken(Refusal):
    """已经有更多同学报了名，名额不能少于已报人数。"""

    code, en = "seats_taken", "More pupils have enrolled already: seats can't be fewer than that."


class TooManyPages(Refusal):
    """讲义一共最多 50 页，请删掉一些。"""

    code, en, status = "too_many_pages", "Materials have at most 50 pages in all; please leave some out.", 422


class TooEarly(Refusal):
    """还没到时间：开讲前 15 分钟才能进入课堂。"""

    code, en = "too_early", "Too early: the room opens a quarter of an hour before."


class RoomClosed(Refusal):
    """这场名师课没有在直播。"""

    code, en = "room_closed", "This lecture is not on air."


class Muted(Refusal):
    """老师让你先听一会儿，暂时不能发言。"""

    code, en = "muted", "You have been asked to listen for a while."


class TooFast(Refusal):
    """说得太快了，稍等几秒再发。"""

    code, en, status = "too_fast", "Too fast: wait some seconds before the next line.", 429


class NotEnrolling(Refusal):
    """这场名师课现在不能报名。"""

    code, en = "not_enrolling", "Nobody can enrol in this lecture now."


class Clash(Refusal):
    """这个时间你已经报了另一场名师课，先退掉那一场才能报这一场。"""

    code, en = "clash", "You have a place in another lecture at that time; leave that one first."


class TooManyPlaces(Refusal):
    """你已经报了太多场名师课，上完几场再报。"""

    code, en = "too_many_places", "You hold too many places already; come back after some of them."


class ListFull(Refusal):
    """名额和候补都满了，看看别的场次。"""

    code, en = "list_full", "Seats and waiting list are full; please look at other lectures."


class TooMuch(Refusal):
    """太快了，休息一下再试。"""

    code, en, status = "too_much", "Too much at once: wait a moment and try again.", 429


class Later(Refusal):
    """服务暂时不可用，请稍后再试，你的内容还在手机里。"""

    code, en, status = "later", "Unavailable right now; try again soon. Nothing of yours is lost.", 503
