"""The archive: what was revealed and nothing else, page by page, and what waits for organisers."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.core.errors import UsageError
from bot.core.model import Person, Place, Round
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, World

ADA = Person("ada", "Ada")


async def lived(world: World, days: int) -> list[Round]:
    """So many daily questions, the last one still open; Ada answers each in full, Ben by half."""
    asked = []
    for day in range(days):
        world.clock.time = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC) + dt.timedelta(days=day)
        round_ = await world.daily()
        asked.append(round_)
        await world.say(round_, "ada", f"{full(round_.question.id)} on day {'i' * (day + 1)}")
        await world.say(round_, "ben", half(round_.question.id))
    return asked


async def test_a_question_is_in_the_archive_once_it_is_revealed_and_only_in_its_community(world: World) -> None:
    *past, present = await lived(world, 3)
    archive = world.app.coach.archive
    found, more = await archive.past(PLACE, ADA)
    assert ([asked.id for asked in found], more) == ([past[1].id, past[0].id], False)
    assert [asked.own for asked in found] == [10, 10]
    round_, podium = await archive.reveal(PLACE, past[0].id)
    assert round_.question == past[0].question
    assert (podium.answers, podium.average) == (2, 7.5)
    elsewhere = Place("room", "another guild", "")
    assert await archive.past(elsewhere, ADA) == ([], False)
    for place, id_ in ((PLACE, present.id), (PLACE, 10**9), (elsewhere, past[0].id)):
        with pytest.raises(UsageError, match="isn't in the archive"):
            await archive.reveal(place, id_)


async def test_the_archive_is_read_page_by_page_without_gaps_or_repeats(world: World) -> None:
    past = (await lived(world, 6))[:-1]
    archive, seen, before = world.app.coach.archive, list[int](), 2**53
    for _ in range(3):
        found, more = await archive.past(PLACE, ADA, before=before, most=2)
        seen += [asked.id for asked in found]
        before = found[-1].id
        assert more is (len(seen) < 5)
    assert seen == [round_.id for round_ in reversed(past)]


async def test_all_words_of_a_search_have_to_be_there_whatever_their_case(world: World) -> None:
    past = (await lived(world, 4))[:-1]
    archive, wanted = world.app.coach.archive, past[1].question
    found, _ = await archive.past(PLACE, ADA, search=f"{wanted.title.upper()}!")
    assert [asked.question.id for asked in found] == [wanted.id]
    assert await archive.past(PLACE, ADA, search=f"{wanted.title} kubernetes") == ([], False)
    sections = await archive.sections(PLACE)
    assert set(sections) == {round_.question.section for round_ in past}
    in_section = {
        section: [asked.question.section for asked in (await archive.past(PLACE, ADA, section=section))[0]]
        for section in sections
    }
    assert all(set(kept) == {section} for section, kept in in_section.items())
    assert sum(map(len, in_section.values())) == 3


async def test_a_persons_answers_are_theirs_alone_the_newest_first(world: World) -> None:
    asked = await lived(world, 3)
    archive = world.app.coach.archive
    first, more = await archive.answers(PLACE, ADA, most=2)
    rest, last = await archive.answers(PLACE, ADA, before=first[-1].id, most=2)
    assert (more, last) == (True, False)
    told = [(answer.date, answer.score, answer.closed) for answer in (*first, *rest)]
    assert told == [(round_.local_date, 10, round_ is not asked[-1]) for round_ in reversed(asked)]
    assert await archive.answers(PLACE, Person("eve", "Eve")) == ([], False)


async def test_the_days_of_a_channel_show_the_open_question_too(world: World) -> None:
    asked = await lived(world, 3)
    found = await world.app.coach.archive.days(PLACE, Person("ben", "Ben"), most=2)
    assert [(day.id, day.open, day.own) for day in found] == [(asked[2].id, True, 5), (asked[1].id, False, 5)]
    assert await world.app.coach.archive.days(Place("room", "guild", "elsewhere"), ADA, most=2) == []


async def test_organisers_see_what_waits_and_since_when(world: World) -> None:
    round_ = await world.daily()
    archive = world.app.coach.archive
    assert await archive.waiting(PLACE, most=5) == ([], 0)
    for number in range(3):
        await world.app.coach.replies.take(world.reply(round_, "ada", f"{half(round_.question.id)} {number}"))
    waiting, count = await archive.waiting(PLACE, most=2)
    assert (count, [reply.author for reply in waiting]) == (3, ["Ada", "Ada"])
    assert waiting[0].since == world.clock.now()
