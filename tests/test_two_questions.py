"""“Do I need a PhD, and who goes on call?”: two questions in one message get two answers."""

import pytest

from bot.domain import faq
from bot.domain.faq import Answer, Surface
from bot.domain.two_questions import questions_of
from bot.knowledge import Library
from tests.workspace import Json, Sent, Workspace, buttons, shown


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Do I need a PhD, and who goes on call?", ["Do I need a PhD", "who goes on call?"]),
        ("what does an RE do and how is one graded", ["what does an RE do", "how is one graded"]),
        ("What is MTS? And do flat teams hurt research?", ["What is MTS?", "And do flat teams hurt research?"]),
        (
            "I write backends. Do I need a PhD?\nThanks. And who is on call?",
            ["I write backends. Do I need a PhD?", "Thanks. And who is on call?"],
        ),
        ("Should we have one title, or should we have two?", []),
        ("What is the difference between a research engineer and an AI engineer?", []),
        ("what is MTS and why", []),
        ("What do researchers do and engineers don't?", []),
        ("We merged the teams and now nobody knows who is on call.", []),
        ("what is a? what is b of c? what is d of e? what is f of g? what is h of i?", []),
        (
            "do we need it and who pays for it and do you know it",
            ["do we need it", "who pays for it", "do you know it"],
        ),
        ("what is it all and " * 200 + "what is it all?", []),
        ("", []),
        ("SaaS against frontier labs", ["SaaS", "frontier labs"]),
        ("and startups compared to big tech?", ["startups", "big tech"]),
        ("is it us against them", []),
        ("what speaks against frontier labs", []),
    ],
)
def test_a_message_is_parted_where_a_second_question_begins(text: str, questions: list[str]):
    assert list(questions_of(text)) == questions


def answered(library: Library, text: str, surface: Surface, after: str | None = None) -> list[str]:
    reply = faq.reply_to(text, surface, library.index, library.thresholds, after=after)
    return [candidate.entry for candidate in reply.entries] if isinstance(reply, Answer) else []


@pytest.mark.parametrize("surface", [Surface.MENTION, Surface.DM, Surface.COMMAND])
@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("do engineers publish papers, and who goes on call?", ["engineers-publish", "on-call"]),
        ("what is an ML engineer and which tools do they use", ["ml-engineer", "ml-engineer-toolkit"]),
        ("who goes on call? and do I need a PhD to work in AI?", ["on-call", "phd-needed"]),
        (
            "What does a research engineer do, and what is an applied scientist?",
            ["research-engineer", "applied-scientist"],
        ),
    ],
)
def test_both_are_answered_in_the_order_in_which_they_are_asked(
    library: Library, text: str, entries: list[str], surface: Surface
):
    assert answered(library, text, surface) == entries


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Do I need a PhD to work in AI, and is there parking at the office?", "phd-needed"),
        ("can a research engineer become a research scientist, and can a research engineer become an RS?", "re-to-rs"),
        ("how does Meta define its roles? and does anybody know the wifi password?", "meta-roles"),
    ],
)
def test_where_one_of_them_has_an_answer_that_is_given(library: Library, text: str, entry: str):
    assert answered(library, text, Surface.MENTION) == [entry]


def test_the_second_is_answered_too_where_the_bot_is_asked(library: Library):
    text = "what does an applied scientist do and do they publish?"

    assert answered(library, text, Surface.MENTION) == ["applied-scientist", "engineers-publish"]
    assert answered(library, text, Surface.CHANNEL) == ["applied-scientist"]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("who goes on call? and do I need a PhD to work in AI?", {"on-call", "phd-needed"}),
        ("how does Meta define its roles? and does anybody know the wifi password?", {"meta-roles"}),
    ],
)
def test_the_candidates_of_all_questions_are_ranked_best_first(library: Library, text: str, best: set[str]):
    ranked = faq.rank(text, Surface.MENTION, library.index, library.thresholds)

    confidences = [candidate.confidence for candidate in ranked]
    assert confidences == sorted(confidences, reverse=True)
    assert {candidate.entry for candidate in ranked[: len(best)]} == best


def test_unasked_a_second_question_makes_no_message_worth_an_answer(library: Library):
    text = "is there parking at the office, and will that be the research engineer's?"

    assert answered(library, text, Surface.CHANNEL) == []


def test_what_is_told_without_a_question_mark_beside_one_that_has_it_is_no_question():
    told = "I can't decide between an engineer and a scientist for my one open req."

    assert questions_of(f"{told} Whom do I need, and who goes on call?") == (
        f"{told} Whom do I need",
        "who goes on call?",
    )
    assert questions_of(f"{told} Whom do I need?") == ()


def test_one_question_that_only_looks_like_two_keeps_its_answer(library: Library):
    text = library.entries["what-each-does-alone"].question  # "..., and the reverse?"

    assert answered(library, text, Surface.MENTION) == ["what-each-does-alone"]


async def ask(workspace: Workspace, text: str) -> tuple[Sent, Json]:
    asked = await workspace.mention("U_ANA", "C_ASK", text)
    [answer] = await workspace.replies(asked)
    await workspace.settled()
    return asked, answer


async def test_both_answers_stand_under_their_questions_and_each_is_explained(workspace: Workspace, library: Library):
    asked, answer = await ask(workspace, "do engineers publish papers, and who goes on call?")

    for name in ("engineers-publish", "on-call"):
        entry = library.entries[name]
        assert f"{entry.question}\n{entry.answer}" in shown(answer).replace("*", "")
    await workspace.click("U_ANA", answer, "Why this?")
    [_, explanation] = await workspace.replies(asked, count=2)
    assert shown(explanation).count("I was quite certain") == 2


async def test_a_follow_up_leans_on_the_second_of_two_answers(workspace: Workspace, library: Library):
    asked, answer = await ask(workspace, "who goes on call? and how does Meta organise research?")
    assert "Helpful" in buttons(answer)

    await workspace.post("U_BEN", "C_ASK", "and at Anthropic?", asked)
    *_, follow_up = await workspace.replies(asked, count=3)

    assert library.entries["anthropic-roles"].answer in shown(follow_up)


@pytest.mark.parametrize(
    "text", ["SaaS against frontier labs", "SaaS vs. frontier labs", "SaaS compared with frontier labs?"]
)
def test_two_sides_that_are_held_against_each_other_are_both_answered(library: Library, text: str):
    for after in (None, "alphafold"):
        assert answered(library, text, Surface.DM, after) == ["vertical-saas", "frontier-labs"]


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("ML engineer vs AI engineer", "ml-engineer-vs-ai-engineer"),
        ("mle vs re", "research-engineer-vs-ml-engineer"),
        ("RE vs MLE", "research-engineer-vs-ml-engineer"),
    ],
)
def test_two_roles_are_still_compared(library: Library, text: str, entry: str):
    assert answered(library, text, Surface.DM) == [entry]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        (
            "what is an applied scientist and how is it different from a data scientist",
            ["applied-scientist", "data-scientist"],
        ),
        ("applied scientist vs data scientist", ["applied-scientist", "data-scientist"]),
        (
            "what is an ML engineer and how does it differ from a research engineer",
            ["ml-engineer", "research-engineer-vs-ml-engineer"],
        ),
        (
            "what does an AI engineer do, and how are they different from ML engineers?",
            ["ai-engineer", "ml-engineer-vs-ai-engineer"],
        ),
        ("what is a research engineer, and do they need a PhD?", ["research-engineer", "phd-needed"]),
    ],
)
def test_the_second_half_is_about_the_role_of_the_first(library: Library, text: str, entries: list[str]):
    assert answered(library, text, Surface.MENTION) == entries


def test_two_roles_that_no_entry_compares_are_told_one_by_one(library: Library):
    assert library.index.apart("a data scientist, unlike an ML engineer", "ml-engineer") == [
        "data-scientist",
        "ml-engineer",
    ]
    assert library.index.apart("a data scientist, unlike an ML engineer", "phd-needed") == []
    assert library.index.apart("a research engineer, unlike an ML engineer", "ml-engineer") == []
    assert library.index.apart("a software engineer, unlike an ML engineer", "ml-engineer") == []


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("Not Amazon, Microsoft: how do they organise their scientists and engineers", ["microsoft-roles"]),
        ("how do Amazon and Microsoft organise their scientists and engineers", ["amazon-roles", "microsoft-roles"]),
        ("Not research scientists, data scientists: what is their part in an AI team?", ["data-scientist"]),
    ],
)
def test_who_is_set_aside_is_not_answered_for(library: Library, text: str, entries: list[str]):
    assert answered(library, text, Surface.MENTION) == entries
