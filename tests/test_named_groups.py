"""“And the others?”, “for engineers?”, “we do both”: few words below an answer, read in the light of it."""

import pytest

from bot.domain.faq import Surface
from bot.domain.named_groups import asks_for_others, names_group, tells_own_case, with_name_of_group
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, TALK
from bot.knowledge import Library
from bot.slack.deciding import ABOVE, OF_WHOM, PlannedReply, decide


async def told(library: Library, text: str, after: str | None = None) -> PlannedReply | None:
    """Decide about a direct message, below the answer `after` if the message leans on it."""
    leans = after is not None and library.follows(text, prompted=True)
    return await decide(text, Surface.DM, library, None, after if leans else None)


@pytest.mark.parametrize(
    "text",
    [
        "and the others?", "and others", "the others?", "what about the rest", "and the rest of them?",
        "how about the other companies?", "and at other labs?", "ok and the other ones?", "what do the others do?",
    ],
)  # fmt: skip
async def test_the_others_below_an_answer_about_one_are_in_the_overview_of_all(library: Library, text: str):
    for company in ("openai-roles", "meta-roles", "microsoft-roles", "xai-dropped-researcher"):
        assert await told(library, text, company) == PlannedReply(ANSWER, ("flat-or-separate-companies",))
    assert await told(library, text, "ai-engineer") == PlannedReply(ANSWER, ("role-differences",))
    assert await told(library, text, "flat-or-separate-companies") == PlannedReply(TALK, (ABOVE,))
    assert await decide(text, Surface.THREAD, library, None, "meta-roles") != PlannedReply(TALK, (OF_WHOM,))


async def test_the_others_where_nobody_was_spoken_of_are_asked_back_and_not_greeted(library: Library):
    assert await told(library, "and the others?") == PlannedReply(TALK, (OF_WHOM,))
    assert await told(library, "hello everybody") == PlannedReply(TALK, ("greeting",))


@pytest.mark.parametrize(
    "text",
    [
        "how do other labs grade researchers", "do others publish too", "what other roles are there",
        "the other one", "b, not the others", "should we copy the other companies",
    ],
)  # fmt: skip
def test_what_says_more_than_the_others_does_not_ask_for_them(text: str):
    assert not asks_for_others(text)


@pytest.mark.parametrize(
    "text", ["for engineers?", "and the engineers?", "and product", "and the product side?", "what about developers"]
)
async def test_those_who_build_are_read_in_the_light_of_the_answer_above(library: Library, text: str):
    assert await told(library, text, "role-metrics") == PlannedReply(TALK, (ABOVE,))
    assert await told(library, text, "rank-and-pay") == PlannedReply(TALK, (ABOVE,))
    assert await told(library, text, "ai-researcher") == PlannedReply(ANSWER, ("ai-engineer",))


@pytest.mark.parametrize(
    "text",
    [
        "engineers", "product", "for engineers it is easy", "and research engineers?", "do engineers publish?",
        "and what do engineers earn?",
    ],
)  # fmt: skip
def test_what_says_more_than_a_kind_of_work_stays_as_it_is(text: str):
    assert not names_group(text)
    assert with_name_of_group(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "in my case product heavy", "we do both, what then", "what if we do both?", "in our case it is mostly research",
        "we are mostly product", "our work is mainly research",
    ],
)  # fmt: skip
async def test_the_advice_above_covers_the_case_that_somebody_tells(library: Library, text: str):
    assert await told(library, text, "separate-or-unified") == PlannedReply(TALK, (ABOVE,))


@pytest.mark.parametrize(
    "text",
    [
        "in my case do we need a phd", "for my case should i hire a researcher",
        "we do both, which title should we take", "it is mostly meetings",
    ],
)  # fmt: skip
def test_a_question_of_its_own_is_more_than_a_case(text: str):
    assert not tells_own_case(text)


@pytest.mark.parametrize(
    "text",
    [
        "what happened after that", "and what happened next?", "and now?", "whats next", "who invented it",
        "who came up with that?", "so who coined the term",
    ],
)  # fmt: skip
async def test_what_came_before_or_after_what_stands_above_is_not_about_the_quiz(library: Library, text: str):
    for after in ("member-of-technical-staff", "xai-dropped-researcher"):
        assert await told(library, text, after) == PlannedReply(TALK, (ABOVE,))


@pytest.mark.parametrize(
    "text",
    [
        "why is my team so slow", "who decided that babysitting gpus is research engineering",
        "somebody says that everything is fine",
    ],
)  # fmt: skip
def test_a_joining_word_points_at_nothing_above(library: Library, text: str):
    assert not library.follows(text, prompted=True) or library.index.names_any(text)
    assert not library.index.points_back(text)


@pytest.mark.parametrize("text", ["why so?", "so what about Meta?", "why do they do that?", "who said that?"])
def test_what_points_back_still_does(library: Library, text: str):
    assert library.follows(text, prompted=True)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("compare applied scientist, research engineer and AI engineer", ("role-differences", "applied-scientist")),
        (
            "difference between research scientist, applied scientist and ML engineer",
            ("applied-scientist-vs-ml-engineer", "ai-researcher"),
        ),
        ("compare research scientist, research engineer and applied scientist", ("skills-by-title",)),
        ("difference between a researcher, a research engineer and an AI engineer", ("role-differences",)),
    ],
)
async def test_a_comparison_of_three_roles_leaves_none_of_them_out(
    library: Library, text: str, entries: tuple[str, ...]
):
    assert await told(library, text) == PlannedReply(ANSWER, entries)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("am i an AI engineer", ANSWER, "find-my-role"),
        ("flat or seperate???", ANSWER, "separate-or-unified"),
        ("should i merge my research and engineering team", ANSWER, "separate-or-unified"),
        ("what does hard split mean", ANSWER, "flat-or-separate-companies"),
        ("is openai flat", ANSWER, "flat-or-separate-companies"),
        ("where is the evidence", ANSWER, "evidence-limitations"),
        ("how do i grow an engineer into a researcher", ANSWER, "swe-to-ai-research"),
        ("how do i reward researchers if nothing ships", ANSWER, "role-metrics"),
        ("should we rename everybody to MTS", ANSWER, "flat-advantages"),
        ("what does a CTO need to know about AI", NOT_ANSWERED, "what-leaders-should-know"),
        ("what is AI", NOT_ANSWERED, "define-other-terms"),
        ("is the quiz scientific", NOT_ANSWERED, "quiz-validity"),
        ("is 5 questions enough to judge me", NOT_ANSWERED, "quiz-validity"),
        ("how do i start a research team", NOT_ANSWERED, "starting-a-research-team"),
        ("whats a good ratio of researchers to engineers", NOT_ANSWERED, "ratio-of-roles"),
        ("what is LLMOps", NOT_ANSWERED, "define-llmops"),
        ("how do i edit an answer", NOT_ANSWERED, "editing-answers"),
        ("can i add our own titles", NOT_ANSWERED, "editing-answers"),
        ("im afraid to lose my job", NOT_ANSWERED, "fear-for-the-job"),
        ("or on tesla", NOT_ANSWERED, "other-companies-structure"),
        ("hi, just installed you, what are you good for and what not?", TALK, "help"),
        ("I feel stupid asking this", TALK, "shy"),
        ("stop sending me this", TALK, "quiet"),
        ("where can i find it later", TALK, "next_steps"),
        ("can you see our slack history", TALK, "listening"),
        ("do my employees see what i ask here", TALK, "privacy"),
        ("stupid question, what is an MTS", ANSWER, "member-of-technical-staff"),
        ("what is an AI engineer", ANSWER, "ai-engineer"),
        ("can i trust the paper", ANSWER, "evidence-limitations"),
    ],
)
async def test_what_a_new_user_asks_is_answered_or_honestly_refused(library: Library, text: str, kind: str, name: str):
    reply = await told(library, text)

    assert reply is not None
    assert (reply.kind, reply.entries[0]) == (kind, name)


def test_an_overview_names_entries_that_are_there(library: Library):
    assert library.overview_of("meta-roles") == "flat-or-separate-companies"
    assert library.overview_of("phd-needed") is None
