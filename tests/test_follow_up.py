"""“And at Anthropic?”: whatever was answered before it, the answer is that company's, and stands by itself."""

from functools import partial

import pytest

from bot.domain import faq
from bot.domain.below_answer import reply_below
from bot.domain.faq import Answer, NoAnswer, Silence, Suggestions, Surface
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, SUGGEST, TALK
from bot.knowledge import Library
from bot.slack.deciding import ABOVE, OF_WHOM, WHICH_ONE, PlannedReply, decide
from tests.workspace import BOT, Json, Sent, Workspace, buttons, shown

COMPANIES = {
    "OpenAI": "openai-roles",
    "Anthropic": "anthropic-roles",
    "DeepMind": "deepmind-roles",
    "Meta": "meta-roles",
    "Amazon": "amazon-roles",
    "Microsoft": "microsoft-roles",
    "xAI": "xai-dropped-researcher",
}
FORMS = ("and at {}?", "and {}?", "what about {}", "And what is it like at {}?", "is it the same at {}?")
UNCLEAR = "researchers in product teams"  # which is suggested for, and not answered
FLAT = "flat-or-separate-companies"


def replied(library: Library, text: str, surface: Surface, after: str) -> faq.Reply:
    return faq.reply_to(text, surface, library.index, library.thresholds, after=after)


@pytest.mark.parametrize("surface", [Surface.DM, Surface.THREAD, Surface.MENTION])
@pytest.mark.parametrize("company", COMPANIES)
def test_a_company_that_is_named_alone_is_answered_after_every_entry(library: Library, company: str, surface: Surface):
    entry = COMPANIES[company]
    for after in library.entries:
        for form in FORMS if after != entry else ():
            answer = replied(library, form.format(company), surface, after)

            assert isinstance(answer, Answer), (form, after)
            assert [candidate.entry for candidate in answer.entries] == [entry], (form, after)


@pytest.mark.parametrize("text", ["just google it", "and google that?"])
@pytest.mark.parametrize("after", [FLAT, COMPANIES["OpenAI"]])
def test_a_name_with_what_is_done_to_something_asks_nothing_of_it(library: Library, text: str, after: str):
    assert isinstance(replied(library, text, Surface.THREAD, after), Silence)


def test_who_is_meant_by_him_is_left_open_where_the_message_names_somebody(library: Library):
    assert library.index.in_full("is he still at Meta?", "lecun-debate") == "is Yann LeCun still at Meta?"
    assert library.index.in_full("does Musk agree with him?", "lecun-debate") is None


@pytest.mark.parametrize(
    ("name", "company"),
    [
        ("Google", "DeepMind"),
        ("Google Brain", "DeepMind"),
        ("Amazon Web Services", "Amazon"),
        ("Facebook AI Research", "Meta"),
        ("Microsoft Research", "Microsoft"),
    ],
)
def test_a_company_is_known_by_the_names_of_its_parts_and_of_whom_it_belongs_to(
    library: Library, name: str, company: str
):
    for text in ("how does {} organise research and engineering?", "and at {}?"):
        answer = replied(library, text.format(name), Surface.DM, FLAT)

        assert [candidate.entry for candidate in faq.offered_by(answer)] == [COMPANIES[company]]


@pytest.mark.parametrize("text", ["just google it", "google calendar is broken", "is the google doc shared?"])
def test_who_only_googles_asks_about_no_company(library: Library, text: str):
    for after in ("role-differences", FLAT, "openai-roles"):
        assert replied(library, text, Surface.THREAD, after) == Silence()


@pytest.mark.parametrize(
    "text",
    [
        "when did you join Meta?",
        "are you leaving Meta?",
        "who is at Meta now?",
        "Meta is down again",
        "I used to work at Meta",
        "I was at Meta",
        "who is our contact at Microsoft?",
        "let's ask Amazon",
        "what is the weather at OpenAI?",
    ],
)
@pytest.mark.parametrize("after", ["role-differences", FLAT, "rank-and-pay"])
def test_more_than_a_name_in_a_thread_is_not_taken_for_a_question_about_a_company(
    library: Library, text: str, after: str
):
    assert replied(library, text, Surface.THREAD, after) == Silence()


@pytest.mark.parametrize(
    "text",
    [
        "are you leaving {}?",
        "so you are leaving {}?",
        "are they leaving {}?",
        "is anybody leaving {}?",
        "are you going to {}?",
        "do you work at {}?",
        "were you at {}?",
        "are you still at {}?",
        "is he at {} now?",
        "is she still at {}?",
        "did he join {}?",
        "are they quitting {}?",
        "is your brother at {}?",
    ],
)
@pytest.mark.parametrize("company", COMPANIES)
def test_people_who_talk_about_themselves_below_an_answer_are_left_alone(library: Library, company: str, text: str):
    for after in (*COMPANIES.values(), "role-differences", FLAT, "rank-and-pay"):
        assert replied(library, text.format(company), Surface.THREAD, after) == Silence(), after


@pytest.mark.parametrize(
    "text", ["does anybody know what MTS stands for?", "what do you need for a research engineer job?"]
)
def test_anybody_and_everybodys_you_are_no_talk_about_a_person(library: Library, text: str):
    alone = faq.reply_to(text, Surface.THREAD, library.index, library.thresholds)

    assert replied(library, text, Surface.THREAD, "role-differences") == alone
    assert isinstance(alone, Answer)


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION])
@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("and a research engineer?", "research-engineer"),
        ("and research engineers?", "research-engineer"),
        ("what about a research engineer?", "research-engineer"),
        ("or an applied scientist?", "applied-scientist"),
        ("and a data scientist?", "data-scientist"),
        ("and a researcher?", "ai-researcher"),
        ("and for ML engineers?", "ml-engineer"),
        ("and AI engineers?", "ai-engineer"),
        ("how about an AI engineer?", "ai-engineer"),
    ],
)
def test_a_role_that_is_named_alone_does_not_get_the_same_answer_again(
    library: Library, text: str, entry: str, surface: Surface
):
    for after in ("separate-or-unified", FLAT, "openai-roles", "engineers-publish", "member-of-technical-staff"):
        reply = replied(library, text, surface, after)

        offered = [candidate.entry for candidate in faq.offered_by(reply)]
        assert entry in offered, after
        assert after not in offered


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("and for a researcher?", "ai-researcher"),
        ("and for research scientists?", "ai-researcher"),
        ("what about the ML engineers", "ml-engineer"),
        ("or an applied scientist?", "applied-scientist"),
        ("and a data scientist then?", "data-scientist"),
    ],
)
def test_a_role_that_is_named_alone_in_a_thread_of_ours_is_answered(library: Library, text: str, entry: str):
    for after in ("role-differences", "phd-needed", "time-horizons", "grade-research-engineer", "rank-and-pay"):
        for surface in (Surface.THREAD, Surface.MENTION):
            answer = replied(library, text, surface, after)

            assert isinstance(answer, Answer), after
            assert [candidate.entry for candidate in answer.entries] == [entry], after


@pytest.mark.parametrize(
    "text",
    [
        "what about our researcher?",
        "and the new research engineer?",
        "is the researcher in today?",
        "are there any research engineers here?",
        "and a researcher, Tom?",
        "I am a researcher",
        "<@U1> and a researcher?",
    ],
)
def test_a_role_that_a_colleague_has_is_no_question_in_a_thread(library: Library, text: str):
    for after in ("role-differences", "phd-needed", "research-engineer"):
        assert replied(library, text, Surface.THREAD, after) == Silence(), after


@pytest.mark.parametrize("after", ["role-differences", FLAT])
async def test_a_role_alone_is_answered_below_an_answer_that_nobody_asked_for(
    workspace: Workspace, library: Library, after: str
):
    root = await workspace.post("U_ANA", "C_ASK", library.entries[after].question)
    await workspace.replies(root)

    await workspace.post("U_ANA", "C_ASK", "and for a researcher?", root)
    *_, answer = await workspace.replies(root, count=3)

    assert library.entries["ai-researcher"].answer in shown(answer)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("and at Meta?", "grade-research-engineer"),
        ("should we pick separate tracks or one title?", "separate-or-unified"),
    ],
)
def test_what_leans_on_an_answer_or_asks_for_it_again_still_does(library: Library, text: str, after: str):
    reply = replied(library, text, Surface.DM, after)

    assert isinstance(reply, Answer)


@pytest.mark.parametrize("after", ["engineers-publish", "abbreviations", "openai-roles", "role-differences"])
@pytest.mark.parametrize(
    "text",
    [
        "will AI replace research engineers?",
        "how many people work at OpenAI?",
        "do research engineers get stock options?",
        "who invented the transistor at Bell?",
        "do research engineers work from home?",
        "what is OpenAI worth?",
        "will research engineers be replaced?",
    ],
)
def test_a_question_of_its_own_is_not_answered_with_what_was_answered_before(library: Library, text: str, after: str):
    for surface in (Surface.DM, Surface.MENTION):
        reply = replied(library, text, surface, after)

        assert not (isinstance(reply, Answer) and after in [candidate.entry for candidate in reply.entries])


def test_what_is_known_not_to_be_answered_leans_on_nothing(library: Library):
    for text in ("what is an MLOps engineer", "is xAI a good place to work", "part-time research scientist"):
        assert library.leaning(text, "rank-and-pay") is None
    for text in ("and AI engineers?", "what about Meta?", "does Anthropic do the same?"):
        assert library.leaning(text, "rank-and-pay") == "rank-and-pay"


async def test_a_known_question_gets_its_own_reply_after_an_answer(workspace: Workspace, library: Library):
    await asked(workspace, library.entries["engineers-publish"].question)

    for text, decoy in (
        ("will AI replace research engineers?", "ai-replaces-engineers"),
        ("what is an MLOps engineer", "mlops-engineer"),
    ):
        _, reply = await asked(workspace, text)

        assert (expected := library.decoy(decoy))
        assert str(expected.reply) in shown(reply)


@pytest.mark.parametrize(
    "text", ["same question for Meta", "and in the case of Anthropic?", "How does Meta handle it?"]
)
def test_words_that_point_back_do_not_make_a_question_of_its_own(library: Library, text: str):
    reply = replied(library, text, Surface.MENTION, "openai-roles")

    assert isinstance(reply, Answer)
    assert {"meta-roles", "anthropic-roles"} & {candidate.entry for candidate in reply.entries}


def test_answers_about_companies_stand_alone(library: Library):
    for entry in COMPANIES.values():
        assert not library.entries[entry].answer.startswith(("Because", "And", "So ", "They", "It "))


async def asked(workspace: Workspace, text: str, thread_ts: str | None = None) -> tuple[Sent, Json]:
    """Ask something in the direct message; gives the question, and the reply as it stands there."""
    question = await workspace.post("U_ANA", BOT, text, thread_ts)
    [reply] = await workspace.replies(question)
    await workspace.settled()
    return question, reply


async def test_a_company_is_answered_after_an_answer_that_names_none_in_a_direct_message(
    workspace: Workspace, library: Library
):
    await asked(workspace, library.entries[FLAT].question)

    for company in ("Amazon", "xAI", "Anthropic"):
        _, answer = await asked(workspace, f"and at {company}?")

        assert library.entries[COMPANIES[company]].answer in shown(answer)


async def test_a_company_is_answered_in_a_thread_and_where_the_bot_is_mentioned(workspace: Workspace, library: Library):
    root = await workspace.post("U_ANA", "C_ASK", library.entries[FLAT].question)
    await workspace.replies(root)

    await workspace.post("U_BEN", "C_ASK", "and at xAI?", root)
    *_, unasked = await workspace.replies(root, count=3)
    await workspace.mention("U_BEN", "C_ASK", "<@U_BOT> and at Meta?", root)
    *_, mentioned = await workspace.replies(root, count=5)

    assert library.entries["xai-dropped-researcher"].answer in shown(unasked)
    assert library.entries["meta-roles"].answer in shown(mentioned)


async def test_a_company_is_answered_after_a_suggestion_that_was_chosen(workspace: Workspace, library: Library):
    _, offer = await asked(workspace, UNCLEAR)
    await workspace.click("U_ANA", offer, buttons(offer)[0])
    await workspace.latest("U_ANA", offer, once=lambda now: "Helpful" in buttons(now))
    await workspace.settled()

    _, answer = await asked(workspace, "and Amazon?")  # alone it would be asked what they mean

    assert library.entries["amazon-roles"].answer in shown(answer)


@pytest.mark.both_databases
async def test_what_an_answer_does_not_say_is_not_asked_for_in_vain_twice(workspace: Workspace, library: Library):
    all_there_is = str(library.words.talk.above.reply)
    await asked(workspace, library.entries["member-of-technical-staff"].question)
    for text in ("who uses it today?", "why?", "tell me more about it"):
        _, reply = await asked(workspace, text)

        assert all_there_is in shown(reply), text

    root = await workspace.post("U_BEN", "C_ASK", library.entries["alphafold"].question)
    await workspace.replies(root)
    await workspace.post("U_BEN", "C_ASK", "was it really them?", root)
    await workspace.mention("U_BEN", "C_ASK", "<@U_BOT> was it really them?", root)
    thread = await workspace.replies(root, count=4)

    assert all_there_is in shown(thread[-1])
    assert [message["user"] for message in thread].count(BOT) == 2  # nobody asked the bot without its name


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("what about startups?", "frontier-labs", "answered"),  # as the only suggestion
        ("how do startups do it then?", "frontier-labs", "suggested"),
        ("how was it done exactly back then?", "alphafold", "nothing more"),
        ("who says so?", "role-metrics", "nothing more"),
        ("and the one in the middle?", "time-horizons", "nothing more"),
        ("is lunch at noon on Fridays in the new building?", "alphafold", "unknown"),
        ("what is your favourite colour?", "alphafold", "unknown"),
    ],
)
def test_a_follow_up_is_answered_or_told_that_there_is_no_more(library: Library, text: str, after: str, expected: str):
    reply = reply_below(replied(library, text, Surface.DM, after), text, after, library.index)

    assert {Answer: "answered", Suggestions: "suggested", NoAnswer: "unknown", type(None): "nothing more"}[
        type(reply)
    ] == expected


@pytest.mark.parametrize(
    "text",
    [
        "how do I book rooms and desks?",
        "is there anything about parental leave?",
        "is lunch included or not?",
        "who is on call this week?",
        "who owns the build this quarter?",
        "when does the office open or close?",
    ],
)
def test_a_question_of_its_own_is_not_put_off_with_the_answer_above_it(library: Library, text: str):
    assert not library.index.follows(text, prompted=True)
    assert isinstance(reply_below(NoAnswer(), text, "alphafold", library.index), NoAnswer)


@pytest.mark.parametrize("text", ["", "!!!", ":tada:"])
def test_what_says_nothing_asks_for_nothing_more(library: Library, text: str):
    assert not library.index.is_bare(text)


def test_only_who_asks_why_is_told_why(library: Library):
    assert all(map(library.index.asks_why, ["why?", "but why", "why is that?", "how come?"]))
    assert not any(map(library.index.asks_why, ["", "really?", "always?", "since when?", "why Meta?"]))


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION])
def test_a_question_of_its_own_is_not_answered_as_the_last_one_was(library: Library, surface: Surface):
    reply = replied(library, "should I let go my researchers?", surface, "scientists-code")

    assert "scientists-code" not in [candidate.entry for candidate in faq.offered_by(reply)]


def test_what_was_just_answered_is_not_suggested_again(library: Library):
    text, above = "researchers in product teams", "ai-researcher"
    suggested = replied(library, text, Surface.DM, above)
    assert isinstance(suggested, Suggestions)
    assert above in [candidate.entry for candidate in suggested.candidates]

    reply = reply_below(suggested, text, above, library.index)

    assert reply is None or above not in [candidate.entry for candidate in faq.offered_by(reply)]


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION, Surface.THREAD])
@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("and AI engineers?", "grade-research-engineer", "role-metrics"),
        ("what about the ML engineers?", "engineers-publish", None),
        ("and AI engineers?", "engineers-publish", None),
        ("and data scientists?", "on-call", None),
        ("and an applied scientist?", "phd-needed", None),
        ("and AI engineers?", "research-engineer", "ai-engineer"),
        ("and AI engineers?", "role-differences", "ai-engineer"),
        ("and AI engineers?", "member-of-technical-staff", "ai-engineer"),
    ],
)
async def test_another_role_is_asked_about_what_was_answered_above(
    library: Library, text: str, after: str, expected: str | None, surface: Surface
):
    planned = await decide(text, surface, library, None, after)

    if expected is not None:
        assert planned is None or planned.entries == (expected,)
        assert planned or surface is Surface.THREAD
    else:
        assert planned == (None if surface is Surface.THREAD else PlannedReply(TALK, (ABOVE,)))


@pytest.mark.parametrize(
    ("text", "after", "is_above"),
    [
        ("when was that", "xai-dropped-researcher", True),
        ("and when was it?", "alphafold", True),
        ("who disagreed?", "xai-dropped-researcher", True),
        ("and who objected", "xai-dropped-researcher", True),
        ("how long did the first phase take?", "alphafold", True),
        ("how long did the applied team take?", "alphafold", True),
        ("when does the office open?", "alphafold", False),
        ("who won the game last night?", "alphafold", False),
        ("who owns the build this quarter?", "alphafold", False),
    ],
)
async def test_what_the_answer_above_says_is_pointed_back_to(library: Library, text: str, after: str, is_above: bool):
    leans = library.follows(text, prompted=True)
    planned = await decide(text, Surface.DM, library, None, after if leans else None)

    assert (planned == PlannedReply(TALK, (ABOVE,))) == is_above


@pytest.mark.parametrize(
    ("text", "after", "in_full"),
    [
        ("do they need a PhD?", "ai-engineer", "do ai engineers need a PhD?"),
        ("so what do they do all day", "rise-of-ai-engineer", "so what do ai engineers do all day"),
        ("how should we grade them", "research-engineer", "how should we grade research engineers"),
        ("what is their background", "data-scientist", "what is data scientists background"),
        ("how do I become one", "ml-engineer", "how do I become a machine learning engineer"),
        ("how are they unlike AI engineers", "ml-engineer", "how are machine learning engineers unlike AI engineers"),
        (
            "how is it different from an AI engineer",
            "ml-engineer",
            "how is machine learning engineers different from an AI engineer",
        ),
        ("did they hire researchers anyway", "xai-dropped-researcher", "did xai hire researchers anyway"),
        ("is it flat there?", "openai-roles", "is openai flat openai?"),
        ("is it the same at Meta?", "openai-roles", None),
        ("is it the same at Meta?", "research-engineer", None),
        ("is it true that you need a PhD?", "openai-roles", None),
        ("they say you need a PhD", "ai-engineer", None),
        ("do people say that they need a PhD?", "ai-engineer", None),
        ("do research engineers think they need a PhD?", "ai-engineer", None),
        ("do they need a PhD?", "phd-needed", None),
        ("do they need a PhD?", "role-differences", None),
        ("do they need a PhD?", "rank-and-pay", None),
        ("do you need a PhD?", "ai-engineer", None),
    ],
)
def test_they_are_whom_the_answer_above_is_about(library: Library, text: str, after: str, in_full: str | None):
    assert library.index.in_full(text, after) == in_full


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION])
@pytest.mark.parametrize(
    ("text", "after", "entry"),
    [
        ("and why are there so many of them", "ai-engineer", "rise-of-ai-engineer"),
        ("how should we grade them", "research-engineer", "grade-research-engineer"),
        ("can they become research scientists?", "research-engineer", "re-to-rs"),
        ("how are they different from AI engineers", "ml-engineer", "ml-engineer-vs-ai-engineer"),
        ("so what do they do all day", "rise-of-ai-engineer", "ai-engineer"),
        ("what tools do they use?", "ml-engineer", "ml-engineer-toolkit"),
        ("do they need a phd", "ai-engineer", "phd-needed"),
        ("are they paid more", "ai-engineer", "rank-and-pay"),
    ],
)
async def test_a_question_about_them_is_answered_as_one_about_that_role(
    library: Library, text: str, after: str, entry: str, surface: Surface
):
    assert library.follows(text, prompted=True)

    assert await decide(text, surface, library, None, after) == PlannedReply(ANSWER, (entry,))


@pytest.mark.parametrize(
    ("answered", "entry"),
    [
        (["ai-engineer"], "ai-engineer"),
        (["phd-needed", "ai-engineer"], "ai-engineer"),
        (["rank-and-pay", "phd-needed", "ml-engineer", "ai-engineer"], "ml-engineer"),
        (["phd-needed", "role-differences", "ai-engineer"], "phd-needed"),
        (["phd-needed"], "phd-needed"),
        ([], None),
    ],
)
def test_they_are_whom_the_latest_answer_that_is_about_somebody_is_about(
    library: Library, answered: list[str], entry: str | None
):
    assert library.index.leant_on("are they paid more?", answered) == entry
    assert library.index.leant_on("and at Meta?", answered) == next(iter(answered), None)


async def test_who_they_are_is_remembered_beyond_the_next_answer(workspace: Workspace, library: Library):
    await asked(workspace, "what does an AI engineer do?")
    for text, entry in (
        ("do they need a PhD?", "phd-needed"),
        ("and why are there so many of them", "rise-of-ai-engineer"),
    ):
        question, answer = await asked(workspace, text)
        assert library.entries[entry].answer in shown(answer)

    await workspace.click("U_ANA", answer, "Why this?")
    [_, explanation] = await workspace.replies(question, count=2)

    assert "“ai engineers”" in shown(explanation).casefold()


@pytest.mark.parametrize(
    ("text", "after", "in_full"),
    [
        ("is he right?", "lecun-debate", "is Yann LeCun right?"),
        ("why did he say that", "lecun-debate", "why did Yann LeCun say that"),
        ("is he still at Meta?", "lecun-debate", "is Yann LeCun still at Meta?"),
        ("what are his reasons", "xai-dropped-researcher", "what are Elon Musk’s reasons"),
        ("is she an engineer herself", "huyen", "is Chip Huyen an engineer herself"),
        ("does he agree with Musk?", "lecun-debate", None),
        ("is he right?", "ai-engineer", None),
        ("could I just slide into that?", "ai-engineer", "How do I become an ai engineer?"),
        ("could I move into that from backend?", "data-scientist", "How do I become a data scientist?"),
        ("I am an engineer, how do I get into that", "ml-engineer", "How do I become a machine learning engineer?"),
        (
            "I do backend, how do I get into that?",
            "research-engineer",
            "I do backend, how do I get into research engineers?",
        ),
        ("how do I get into that team?", "ai-engineer", None),
        ("could I slide into that?", "openai-roles", None),
    ],
)
def test_he_is_the_person_and_that_the_role_which_the_answer_above_is_about(
    library: Library, text: str, after: str, in_full: str | None
):
    assert library.index.in_full(text, after) == in_full


@pytest.mark.parametrize(
    ("text", "after", "reply"),
    [
        ("is he right?", "lecun-debate", PlannedReply(TALK, (ABOVE,))),
        ("why did he say that", "lecun-debate", PlannedReply(TALK, (ABOVE,))),
        ("is he still at Meta?", "lecun-debate", PlannedReply(NOT_ANSWERED, ("news-after-2025",))),
        ("never?", "ai-engineer", PlannedReply(TALK, (ABOVE,))),
        ("how do I become one?", "role-differences", PlannedReply(TALK, (WHICH_ONE,))),
        ("should we hire one?", "ml-engineer-vs-ai-engineer", PlannedReply(TALK, (WHICH_ONE,))),
    ],
)
async def test_what_an_answer_says_no_more_about_is_told_so(
    library: Library, text: str, after: str, reply: PlannedReply
):
    assert library.follows(text, prompted=True)

    assert await decide(text, Surface.DM, library, None, after) == reply


@pytest.mark.parametrize(
    "text", ["how do I become one?", "I write backend software today, could I just slide into that?"]
)
@pytest.mark.parametrize("after", ["ai-engineer", "data-scientist", "ml-engineer"])
async def test_how_to_become_one_of_whom_the_answer_above_is_about_is_known_not_to_be_answered(
    library: Library, text: str, after: str
):
    assert library.follows(text, prompted=True)

    reply = await decide(text, Surface.DM, library, None, after)

    assert reply is not None
    assert reply.entries[0] == "becoming-one"
    assert "swe-to-ai-research" in reply.entries  # which is offered, and not said


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("and at Amazon?", "amazon-roles"),
        ("how about Microsoft?", "microsoft-roles"),
        ("what about OpenAI", "openai-roles"),
    ],
)
async def test_a_name_alone_gets_what_there_is_about_it(library: Library, text: str, entry: str):
    reply = await decide(text, Surface.DM, library, None)

    assert reply is not None
    assert reply.kind in (ANSWER, SUGGEST)
    assert reply.entries == (entry,)
    assert await decide(text, Surface.CHANNEL, library, None) is None


@pytest.mark.parametrize("after", [None, "deepmind-roles"])
@pytest.mark.parametrize("text", ["how big is that team", "should my team do this", "who would they report to"])
async def test_a_quiz_for_teams_is_for_who_speaks_of_a_quiz(library: Library, text: str, after: str | None):
    reply = await decide(text, Surface.DM, library, None, after)

    assert reply is not None
    assert "team-quiz" not in reply.entries
    asked = await decide("is there a test for my team?", Surface.DM, library, None, after)
    assert asked == PlannedReply(ANSWER, ("team-quiz",))


async def test_what_the_answer_above_says_of_them_is_not_said_again(library: Library):
    reply = await decide("so what do they do all day", Surface.DM, library, None, "ai-engineer")

    assert reply == PlannedReply(TALK, (ABOVE,))


@pytest.mark.parametrize("text", ["do they need to publish?", "are they on call?"])
def test_between_colleagues_they_are_whom_colleagues_speak_of(library: Library, text: str):
    assert replied(library, text, Surface.THREAD, "ai-engineer") == faq.reply_to(
        text, Surface.THREAD, library.index, library.thresholds
    )


@pytest.mark.parametrize(
    "text",
    ["where do your answers come from", "where do you get your answers from?", "what are your sources"],
)
async def test_a_question_about_the_bot_is_for_it_only_where_somebody_speaks_to_it(library: Library, text: str):
    expected = PlannedReply(ANSWER, ("about-sources",))

    assert await decide(text, Surface.DM, library, None) == expected
    assert await decide(text, Surface.MENTION, library, None) == expected
    for surface in (Surface.CHANNEL, Surface.THREAD):
        assert await decide(text, surface, library, None) is None


def test_who_names_the_bot_asks_it(library: Library):
    reply = replied(library, "what are your sources", Surface.DM, FLAT)
    assert isinstance(reply, Answer)

    for text, is_for_others in (("what are your sources", True), ("what are Rolefit's sources, and the bot's?", False)):
        assert faq.is_for_others(reply, text, Surface.CHANNEL, library.index.about_bot) is is_for_others
        assert not faq.is_for_others(reply, text, Surface.DM, library.index.about_bot)


@pytest.mark.parametrize(
    "text",
    [
        "somebody told me you need a PhD for research engineering, not sure",
        "research engineers need a PhD, I hear, just wondering",
        "I heard you need a PhD for it and I'm just curious",
        "you need a PhD for research engineering I hear, but I'm not sure if that's true",
    ],
)
async def test_a_doubt_behind_what_is_said_to_the_bot_does_not_hide_it(library: Library, text: str):
    reply = await decide(text, Surface.DM, library, None)

    assert reply is not None
    assert reply.kind in (ANSWER, SUGGEST)
    assert "phd-needed" in reply.entries


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION])
@pytest.mark.parametrize(
    "text",
    ["somebody told me you need a PhD for research engineering, not sure", "you need a PhD there? just wondering"],
)
def test_a_doubt_is_left_out_wherever_a_message_to_the_bot_is_read(library: Library, text: str, surface: Surface):
    read = partial(faq.reply_to, surface=surface, index=library.index, thresholds=library.thresholds)
    ranked = partial(faq.rank, surface=surface, index=library.index, thresholds=library.thresholds)
    rest = faq.without_doubt(text)
    assert rest != text

    assert read(text) == read(rest)
    assert ranked(text) == ranked(rest)
    assert faq.as_asked(text, Surface.CHANNEL) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Do I need a PhD? Not sure, curious", "Do I need a PhD?"),
        ("do I need a PhD?    I'm not sure. I'd love to know", "do I need a PhD?"),
        ("you need a PhD - just curious", "you need a PhD"),
        ("you need a PhD\nnot sure", "you need a PhD"),
        ("you need a PhD but not sure", "you need a PhD"),
        ("you need a PhD and I'm really curious.", "you need a PhD"),
        ("a PhD, does anyone know?", "a PhD"),
    ],
)
def test_a_doubt_is_left_out_behind_a_mark_or_where_somebody_says_that_it_is_theirs(text: str, rest: str):
    assert faq.without_doubt(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "not sure",
        "what should I choose if I'm not sure?",
        "Do research engineers have to be curious?",
        "Are they clever and curious",
        "What would a research engineer love to know?",
        "is it bad for a researcher to have no idea",
        "is a researcher kind, clever, curious?",
    ],
)
def test_a_doubt_that_is_part_of_a_question_stays_in_it(text: str):
    assert faq.without_doubt(text) == text


@pytest.mark.parametrize(
    "asked", ["how does google do this?", "how do they do it at Meta?", "what does Anthropic do about that?"]
)
def test_what_others_know_of_a_company_is_not_told_unasked(library: Library, asked: str):
    unasked = faq.reply_to(asked, Surface.CHANNEL, library.index, library.thresholds)
    below = faq.reply_to(asked, Surface.CHANNEL, library.index, library.thresholds, after="openai-roles")

    assert unasked == Silence()
    assert isinstance(below, Answer)


async def told(library: Library, text: str, after: str | None) -> PlannedReply | None:
    """Give what is said to a direct message below an answer, or alone."""
    leans = after if after and library.follows(text, prompted=True) else None
    return await decide(text, Surface.DM, library, None, leans)


@pytest.mark.parametrize(
    "text",
    [
        "why do they do that",
        "and why would they do it?",
        "how come they do that?",
        "why is it like that?",
        "why do companies do this?",
        "harder to get in?",
        "is it harder?",
        "and more stressful?",
        "less math?",
        "how long does it take",
        "and how many years does it take?",
        "does that take long?",
        "and for what is it good?",
        "what are they good for?",
        "what's the use of it?",
    ],
)
async def test_what_names_nothing_below_an_answer_asks_for_more_of_that(library: Library, text: str):
    for after in ("ai-engineer", "phd-needed", "openai-roles", "rotation"):
        assert await told(library, text, after) == PlannedReply(TALK, (ABOVE,)), after
    assert await told(library, text, None) != PlannedReply(TALK, (ABOVE,))


@pytest.mark.parametrize(
    "text",
    [
        "diffrence betwen them",
        "what's the difference between them?",
        "the difference between both",
        "so what's the difference?",
        "what is the diference between those two",
        "how do they differ?",
        "are they the same?",
    ],
)
async def test_the_difference_between_them_is_that_of_those_whom_the_answer_above_is_about(library: Library, text: str):
    for after in ("applied-vs-research-scientist", "ml-engineer-vs-ai-engineer", "role-differences"):
        assert await told(library, text, after) == PlannedReply(TALK, (ABOVE,)), after
    for after in ("re-to-rs", "huyen"):  # which are about two, and do not compare them
        compared = await told(library, text, after)
        assert compared, after
        assert "role-differences" in compared.entries


@pytest.mark.parametrize("text", ["why did he do that?", "why does he want that?"])
async def test_why_somebody_did_something_is_answered_where_another_entry_says_so(library: Library, text: str):
    reply = await told(library, text, "spacex")

    assert reply
    assert reply.entries == ("xai-dropped-researcher",)


@pytest.mark.parametrize(
    "text", ["Is he wrong?", "did he say why?", "and what about her?", "what does she mean", "is she right about that"]
)
async def test_where_nobody_was_spoken_of_it_is_asked_whom_he_is(library: Library, text: str):
    assert await told(library, text, None) == PlannedReply(TALK, (OF_WHOM,))
    assert await told(library, text, "xai-dropped-researcher") != PlannedReply(TALK, (OF_WHOM,))
    assert await decide(text, Surface.CHANNEL, library, None) is None


@pytest.mark.parametrize(
    "text",
    [
        "why did Musk drop the title, is he right?",
        "what did LeCun say",
        "was Huyen right?",
        "did he leave Amazon?",
        "does she know LeCun?",
    ],
)
async def test_who_is_named_need_not_be_asked_for(library: Library, text: str):
    assert await told(library, text, None) != PlannedReply(TALK, (OF_WHOM,))


async def test_how_long_it_takes_is_about_the_quiz_below_what_was_said_of_that(workspace: Workspace, library: Library):
    await asked(workspace, library.entries["phd-needed"].question)
    _, of_the_answer = await asked(workspace, "how long does it take?")
    _, of_the_quiz = await asked(workspace, "what is the quiz?")
    _, once_more = await asked(workspace, "how long does it take?")

    assert str(library.words.talk.above.reply) in shown(of_the_answer)
    assert shown(once_more) == shown(of_the_quiz)


@pytest.mark.parametrize("text", ["what title should I give to someone who builds LLM apps", "who builds LLM apps?"])
async def test_who_builds_on_language_models_is_an_ai_engineer_before_all(library: Library, text: str):
    reply = await told(library, text, None)

    assert reply
    assert reply.entries[0] == "ai-engineer"


@pytest.mark.parametrize("text", ["And the science folks?", "and the research people?", "what about the science crowd"])
async def test_the_science_folks_are_research_scientists_below_an_answer(library: Library, text: str):
    for after in ("ai-engineer", "time-horizons", "phd-needed"):
        assert await told(library, text, after) == await told(library, "and research scientists?", after), after
    assert await decide(text, Surface.THREAD, library, None, "ai-engineer") is None
