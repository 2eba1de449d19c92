"""What a person does to a topic: name it, merge it into another, part it. Runs keep to it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from server.actions.errors import BadRequest, NotHere
from server.domain.people import Person
from server.store.lines import Record
from server.store.topics import Topics
from server.store.work import Work

LONGEST_NAME = 60
FEWEST_PARTED = 10  # questions: each half is to be a topic of its own

Part = Callable[[Sequence[str]], Awaitable[list[tuple[list[int], dict[str, Any]]]]]
"""Texts to two parts: the places of each, and its mean and terms as they are kept; exemplars as places."""


async def rename(work: Work, person: Person, id: int, name: str) -> None:
    """An empty name leaves it to its telling terms again."""
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadRequest
    topics = Topics(work)
    topic = await _topic(topics, id)
    await topics.change(topic.id, name=name or None)
    await topics.note(topic.id, "rename", name, person.id)
    await work.commit()


async def merge(work: Work, person: Person, id: int, into: int) -> None:
    """The first is no more; its questions, and all that will be near to it, are the second's."""
    topics = Topics(work)
    await topics.take_turn()
    first, second = await _topic(topics, id), await _topic(topics, into)
    if first.id == second.id or (first.subject, first.stage) != (second.subject, second.stage):
        raise BadRequest("two topics of one subject and stage are needed")
    await topics.move(first.id, second.id)
    await work.rows(
        "UPDATE topics SET merged_into = %(into)s WHERE id = %(id)s OR merged_into = %(id)s RETURNING 1",
        {"id": first.id, "into": second.id},
    )
    born = min(first.born_on, second.born_on)
    await topics.change(second.id, holds=True, born_on=born, apart=None if second.apart == first.id else second.apart)
    await topics.count([first.id, second.id])
    await topics.note(first.id, "merge", str(second.id), person.id)
    await work.commit()


async def split(work: Work, person: Person, id: int, part: Part) -> None:
    """In two, by what its questions say; the larger part keeps the identity and the name."""
    topics = Topics(work)
    await topics.take_turn()
    topic = await _topic(topics, id)
    members = await topics.members(topic.id)
    if len(members) < FEWEST_PARTED:
        raise BadRequest("too few questions to part")
    parts = await part([row.text for row in members])
    (_, as_kept), (gone, as_gone) = sorted(parts, key=lambda each: -len(each[0]))
    if not gone:
        raise BadRequest("its questions are all alike")
    new = await topics.add(topic.subject, topic.stage, _columns(as_gone, members), topic.born_on, apart=topic.id)
    await topics.change(topic.id, **_columns(as_kept, members), apart=new)
    await topics.put([members[i].id for i in gone], [new] * len(gone))
    await topics.count([topic.id, new])
    await topics.note(topic.id, "split", str(new), person.id)
    await work.commit()


def _columns(told: dict[str, Any], members: Sequence[Record]) -> dict[str, Any]:
    return {**told, "exemplars": [members[i].id for i in told["exemplars"]]}


async def _topic(topics: Topics, id: int) -> Record:
    found = await topics.topic(id)
    if found is None:
        raise NotHere
    return found
