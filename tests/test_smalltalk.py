"""What people say to a bot besides questions, and what only sounds like it."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import quiz, smalltalk
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.loose_phrases import GappedPhrases
from bot.domain.readings import Aside
from bot.domain.reply import read
from bot.domain.reply_kinds import NOT_ANSWERED, TALK, UNKNOWN
from bot.knowledge import Library
from bot.slack import deciding, faq

UTTERANCES = Path(__file__).parent.parent / "knowledge" / "utterances"


@pytest.mark.parametrize(
    ("utterance", "intent"),
    [
        ("Hi there!", "greeting"),
        ("helllo", "greeting"),
        ("Hi Anna", "greeting"),
        ("<@U1> good morning :wave:", "greeting"),
        ("thx", "thanks"),
        ("Thank you so much!!", "thanks"),
        ("ok, thanks", "thanks"),
        ("hi &amp; thanks", "thanks"),  # as Slack sends it
        ("great &amp; helpful", "thanks"),
        ("=&gt; help", "help"),
        ("thanks Anna :pray:", "thanks"),
        ("thanks, that was useful", "thanks"),
        ("thanks, very clear", "thanks"),
        ("hey there, thanks for being here", "thanks"),
        ("thank you for the quick reply, it made my day!", "thanks"),
        ("hi there, hope you're having a good day", "greeting"),
        ("Good morning! I hope all is well with you", "greeting"),
        ("delete what you know about me", "deletion"),
        ("could you please erase whatever you have stored about me?", "deletion"),
        ("how do I share", "sharing"),
        ("can I see my old result", "own_result"),
        ("where is my result", "own_result"),
        ("how do I compare", "comparing"),
        ("what should I do with this?", "next_steps"),
        ("you stupid bot you are useless", "complaint"),
        ("this bot is dumb and useless", "complaint"),
        ("I disagree with the result", "complaint"),
        ("hey rolefit, what can you do?", "help"),
        ("HELP", "help"),
        ("what can u do", "help"),
        ("Who are you?", "identity"),
        ("are you an AI", "identity"),
        ("who made you?", "maker"),
        ("Who can see what I write to you?", "privacy"),
        ("is this anonymus?", "privacy"),
        ("can my manager see this", "privacy"),
        ("How many questions are there?", "about_quiz"),
        ("I want to take the quiz", "begin"),
        ("hi, how do i take the quiz please", "begin"),
        ("stop", "stop"),
        ("Please be quiet.", "hush"),
        ("That’s wrong", "complaint"),
        ("thanks, but that's not what I asked", "misunderstood"),
        ("not what I asked!", "misunderstood"),
        ("I don't get it", "confused"),
        ("good bye", "bye"),
        ("yes, that one", "choosing"),
        ("none of these", "declining"),
        ("can you say that shorter?", "rewording"),
        ("tl;dr", "rewording"),
        ("that's way too long, can you make it shorter?", "rewording"),
        ("for example?", "rewording"),
        ("ok, explain it like I'm five", "rewording"),
        ("do you remember what I said yesterday?", "memory"),
        ("do you know who I am", "memory"),
        ("can you learn from me?", "memory"),
        ("when were you last updated?", "updated"),
        ("how old is your information", "updated"),
        ("do you speak Spanish?", "languages_spoken"),
        ("can I write in Swedish?", "languages_spoken"),
        ("do you agree with him?", "opinion"),
        ("what do you think about that", "opinion"),
        ("tell me a joke please", "off_subject"),
        ("why these questions?", "offered"),
        ("what don't you know?", "help"),
        ("ok I give up", "misunderstood"),
        ("what do you mean by that?", "confused"),
        ("tell me more about it please", "above"),
        ("who pays for you?", "funding"),
        ("Who's paying for this bot?", "funding"),
        ("so who funds you", "funding"),
        ("who finances you?", "funding"),
        ("hey, are you free to use?", "funding"),
        ("how much do you cost", "funding"),
        ("do I have to pay for this?", "funding"),
        ("you're wrong about applied scientists", "complaint"),
        ("no, that's wrong", "complaint"),
        ("is the quiz for me?", "for_whom"),
        ("how sure are you?", "certainty"),
        ("and how certain are you about that?", "certainty"),
        ("how confident are u", "certainty"),
        ("are you sure?", "certainty"),
        ("hm, are you really sure?", "certainty"),
        ("how do you know that?", "certainty"),
        ("can I rely on this?", "certainty"),
        ("which one is better?", "which_better"),
        ("which is better", "which_better"),
        ("so, which of the two is better?", "which_better"),
        ("which one’s better?", "which_better"),
        ("ok and which one is best?", "which_better"),
        ("is one better than the other?", "which_better"),
        ("which one would you pick?", "which_better"),
        ("how do i take back what i shared", "taking_back"),
        ("how do I cancel sharing", "taking_back"),
        ("can I unshare my result?", "taking_back"),
        ("withdraw what I shared", "taking_back"),
        ("should I tell my manager?", "telling"),
        ("should I tell my boss about this?", "telling"),
        ("can I withdraw my data?", "deletion"),
        ("should I share this with my manager?", "sharing"),
        ("tschüss", "bye"),
        ("Tschüss!", "bye"),
        ("tschuess", "bye"),
        ("ciao", "bye"),
        ("thanks, ciao!", "bye"),
        ("adiós", "bye"),
        ("Adios amigo", "bye"),
        ("Auf Wiedersehen", "bye"),
        ("au revoir", "bye"),
        ("says who", "sources"),
        ("who told you that?", "sources"),
        ("and who says so?", "sources"),
        ("according to whom?", "sources"),
        ("on what basis?", "sources"),
        ("I not understand", "confused"),
        ("sorry, me not understand", "confused"),
        ("didn't get that", "confused"),
        ("this question is weird", "confused"),
        ("what a strange question", "confused"),
        ("these questions are confusing", "confused"),
        ("I'm getting bored", "bored"),
        ("ugh this is boring", "bored"),
        ("are we done yet?", "bored"),
        ("this takes forever", "bored"),
        ("just show me the result already", "own_result"),
        ("I want the result now", "own_result"),
        ("about whom?", "of_whom"),
        ("ok", "acknowledgement"),
        ("lol okay", "acknowledgement"),
        (":+1:", "acknowledgement"),
        ("👍🏽", "acknowledgement"),
    ],
)
def test_small_talk_is_recognised_however_it_is_put(library: Library, utterance: str, intent: str | None):
    assert smalltalk.read(utterance, library.words.talk) == intent


@pytest.mark.parametrize(
    "utterance",
    [
        "hi, what does MTS stand for?",
        "help me understand what an applied scientist does",
        "who made the table of roles",
        "why is that?",
        "why is this",
        "where do you get all this from",
        "what are your sources?",
        "stop using titles?",
        "is the xAI decision wrong?",
        "what can you do as a research engineer?",
        "who can see the difference between the two roles?",
        "are you a researcher or an engineer at xAI?",
        "are you an RE?",
        "Hi OpenAI",
        "who pays for the research cluster?",
        "who pays researchers at Meta?",
        "how much do you cost me in GPU hours as a research engineer?",
        "how sure are you that AI engineers need a PhD?",
        "are you sure about the titles at xAI?",
        "how do you know whether somebody is an AI engineer?",
        "which is better, vim or emacs?",
        "which one is better for us, one title or two?",
        "which model is better?",
        "tschüss is what Germans say when they leave",
        "why do people say ciao in emails?",
        "how do I say adiós to my old title?",
        "not good morning everyone",
        "that's wrong, what does an applied scientist do?",
        "not what I asked, applied scientist vs research scientist",
        "wrong, applied scientist",
        "wrong title for my work?",
        "I disagree with my manager about my title, what should I do?",
        "who can I ask about AI roles at Meta?",
        "is it safe as a research engineer to skip the PhD",
        "is this private at OpenAI or at Meta",
        "do you keep this title or that one at xAI",
        "is the test for AI engineers different from that for researchers?",
        "Where's the rest?",
        "right now",
        "that is correct, but what about Meta",
        "thanks for the titles, now what is an RE",
        "thanks for the answer and what is an RE",
        "hi, hope you're well, is an applied scientist good at research?",
        "hello, a great day to be a research engineer",
        "thanks, that was not what a researcher does",
        "hi, is that clear?",
        "delete the research engineer title",
        "how do I compare a researcher with an engineer?",
        "?",
        "",
    ],
)
def test_what_holds_anything_else_is_no_small_talk(library: Library, utterance: str):
    assert smalltalk.read(utterance, library.words.talk) is None


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION])
@pytest.mark.parametrize(
    "text",
    [
        "which restaurant is best?",
        "which restaurant is the best here?",
        "what's the best restaurant?",
        "best pizza in town?",
        "which laptop is best?",
        "is Luigi's better than Da Marco?",
        "which restaurant do you recommend?",
    ],
)
async def test_what_is_best_of_anything_else_is_not_known(library: Library, text: str, surface: Surface):
    reply = await deciding.decide(text, surface, library, None)

    assert reply is not None
    assert reply.kind == UNKNOWN


# None of them is word for word in words.yaml: a phrase with something behind it, before it, or another half.
EXPLAINED_OR_IN_TWO_HALVES = {
    "identity": [
        "are you an AI or is there a person typing this",
        "are you a bot or a human?",
        "are you a bot, or a real person?",
        "wait, are you a machine or what",
        "are you human? you sound like it",
        "just checking: am I talking to a bot here?",
    ],
    "privacy": [
        "who sees what i write to you here? does my boss get it",
        "who sees what i write to you here?",
        "is this private? I don't want my lead to know",
        "before I start, is this anonymous or not?",
        "are my answers visible to others, or only to me?",
    ],
    "person": [
        "can i talk to a human about this",
        "can I speak with someone about my title",
        "could I chat with a real person instead?",
        "my case is a bit special, can I ask a person?",
        "I'd rather talk to a human, the bot answers don't help",
    ],
    "begin": [
        "i want to take the quiz thing",
        "can i do the test",
        "can we start the assessment now?",
        "I'm new here, how do I take the quiz?",
        "where's the quiz thingy",
    ],
    "complaint": [
        "that's wrong, applied scientists publish too",
        "You're wrong. Meta does hire research engineers.",
        "this is incorrect because we do have separate ladders",
        "nope that's wrong, an MTS can lead a team",
    ],
    "for_whom": [
        "i dont work in AI, is the quiz for me?",
        "is the quiz only for engineers or for PMs too",
        "is this quiz something for people in HR?",
        "I'm in HR, should I take the quiz?",
    ],
}


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION, Surface.COMMAND])
@pytest.mark.parametrize("intent", EXPLAINED_OR_IN_TWO_HALVES)
async def test_what_stands_beside_small_talk_and_asks_nothing_does_not_hide_it(
    library: Library, intent: str, surface: Surface
):
    for text in EXPLAINED_OR_IN_TWO_HALVES[intent]:
        await talk_about(intent, text, surface, library)


async def talk_about(intent: str, text: str, surface: Surface, library: Library) -> str:
    """Give what is said to a message, which has to be taken for this small talk."""
    reply = await deciding.decide(text, surface, library, None)
    assert reply is not None, text
    assert (reply.kind, reply.entries) == (TALK, (intent,)), text
    return faq.rendered(reply.kind, reply.entries, library).text


def test_of_the_labelled_questions_that_an_entry_answers_none_is_small_talk(library: Library):
    talk = library.words.talk

    lines = [line for path in sorted(UTTERANCES.glob("*.jsonl")) for line in path.read_text().splitlines()]
    answered = [labelled["text"] for labelled in map(json.loads, lines) if labelled["gold"]][::3]
    assert len(answered) > 1000
    assert [text for text in answered if smalltalk.read(text, talk)] == []


@pytest.mark.parametrize("text", ["is the quiz for me?", "I lead a team, is the quiz for us?"])
async def test_whom_the_quiz_is_for_is_told_with_the_button_that_begins_it(library: Library, text: str):
    reply = await deciding.decide(text, Surface.DM, library, None)

    assert reply is not None
    said = faq.rendered(reply.kind, reply.entries, library)
    assert "people you lead" in said.text
    assert "role you want to fill" in said.text
    assert any(block["type"] == "actions" for block in said.blocks)


def test_the_opposite_of_a_phrase_is_not_the_phrase(library: Library):
    assert smalltalk.read("that is correct", library.words.talk) == "acknowledgement"
    assert smalltalk.read("that is not helpful", library.words.talk) == "complaint"
    assert smalltalk.read("that was not helpful", library.words.talk) != "thanks"


@pytest.mark.parametrize(
    "text",
    [
        "what's the point of titles anyway",  # not “of this”
        "do you think flat teams work",
        "what do you think about separate tracks",
        "can you give an example of a research engineer's work",
        "how old is the term AI engineer",
    ],
)
def test_a_question_with_a_subject_is_no_small_talk(library: Library, text: str):
    assert smalltalk.read(text, library.words.talk) is None


def test_each_phrase_is_read_as_what_it_stands_under(library: Library):
    talk = library.words.talk

    assert [
        (name, phrase)
        for name in talk.phrases
        for phrase in talk.of(name).phrases
        if smalltalk.read(phrase, talk) != name
    ] == []


@pytest.mark.parametrize("surface", sorted(UNPROMPTED))
async def test_none_of_it_is_said_unasked(library: Library, surface: Surface):
    talk = library.words.talk

    for name in talk.phrases:
        for phrase in talk.of(name).phrases:
            assert await deciding.decide(phrase, surface, library, None) is None, phrase


# None of them is word for word in words.yaml.
OTHER_WORDINGS = {
    "privacy": [
        "can my supervisor see my results?",
        "Does my manager find out about this?",
        "who knows my result?",
        "is my score visible to HR",
        "could anybody else read this?",
        "will the team see my answers?",
        "who is able to see my result",
        "are my responses confidential?",
        "does my boss hear about this?",
        "can other employees see my result?",
        "is what I say here secret?",
        "do you tell HR what I said?",
        "will my boss be told?",
        "what does my boss get to see?",
        "can my boss see my answers?",
    ],
    "kept": [
        "do you save what I said?",
        "are you recording my answers?",
        "are my questions saved?",
        "how long do you store this?",
        "what information do you have about me?",
        "where are my results kept?",
        "do you collect information about me?",
        "do you hold any data on me?",
        "is our chat logged?",
        "does rolefit remember my answers",
        "what do you do with my data?",
        "are these answers recorded",
        "do you retain what I type",
        "do you store what I type?",
        "do you log my questions",
    ],
    "listening": [
        "are you watching everything we post?",
        "does the bot see all our messages",
        "do you listen in on our conversations",
        "can you read our DMs?",
        "are you snooping on us",
        "does Rolefit track what we write here",
        "is it reading our messages?",
        "do you look at all channels?",
        "can rolefit see private messages?",
        "are you monitoring our conversations?",
        "do you read everything people write here?",
        "is the bot listening right now?",
        "can you read the messages in this channel",
        "do you follow all conversations",
        "is Rolefit listening to everything we write here?",
    ],
    "deletion": [
        "delete my result",
        "can I clear my history?",
        "how can I get rid of my data",
        "could you delete my answers please?",
        "how do I erase everything?",
        "I want to remove my answers",
        "may I delete this conversation?",
        "can you wipe everything about me",
        "remove me",
        "where do I delete my round",
        "delete what I said",
        "can my answers be deleted?",
        "how can I delete my answers",
        "can you erase everything you have on me?",
        "I want my data removed",
    ],
    "sharing": [
        "how can I share this with somebody?",
        "can I send my recommendation to my boss?",
        "how do I show my lead my result",
        "I'd like to show this to my manager",
        "where can I share my result",
        "can we share this with our team?",
        "can I give my result to HR",
        "is it possible to share my result?",
        "may I send this to a colleague",
        "can I show my team the result?",
        "can I share this with my team?",
        "how do I share my result",
        "can I send this to my boss",
        "how can I show my result to my manager?",
        "is there a way to share my results with a colleague",
    ],
    "quiet": [
        "can I turn off your replies?",
        "stop replying to my messages",
        "please don't respond to me",
        "how can I disable this bot?",
        "how do I make you stop replying",
        "I don't want you to reply to me",
        "can you stop responding to my questions",
        "how do i opt out",
        "only reply when I mention you",
        "how do I switch off answers",
        "can I make you quiet?",
        "how can we turn off the bot",
        "can you stop replying to me",
        "how can I mute you",
        "can I disable you",
    ],
}
OF_ROLES = [
    "can a researcher see production data?",
    "do research engineers read papers?",
    "who can see the roadmap at Anthropic?",
    "do AI engineers store the training data?",
    "can my team hire a research engineer?",
    "can my manager be an applied scientist?",
    "how do I share credit on a paper with my team?",
    "is research private at OpenAI?",
    "do scientists keep their results private?",
    "can engineers delete production data?",
    "who reads the papers in the team?",
    "should my team share a title?",
    "can my boss change my title?",
    "do researchers listen to engineers?",
    "how do we stop using titles?",
    "do you need a PhD to read papers?",
    "can I share a role with my manager?",
    "who can read my code as a research engineer?",
    "does HR see research engineers as engineers?",
    "are research results public at Meta?",
    "can my team see the model weights?",
    "does my manager read my papers?",
    "who stores the model checkpoints?",
    "can I share my title with my team?",
    "how do I delete my model checkpoints?",
    "what do engineers keep about their experiments?",
    "can everyone see the ladder at Google?",
    "does leadership read papers?",
    "can I share research publicly at OpenAI?",
    "who can access the GPUs?",
    "do you keep the title when you move to xAI?",
    "what do you read as a researcher?",
    "how do I stop being an engineer?",
    "what can you see from a title?",
    "where can I post a job for an AI engineer?",
    "can others become researchers?",
    "do applied scientists share their code?",
    "what does my manager get from titles?",
    "how do I remove titles?",
    "are titles public?",
    "is research safe?",
    "how do I turn engineers into researchers?",
    "who sees the papers before they are published?",
    "what data do research engineers collect?",
    "do you send papers to conferences?",
    "how long do researchers keep their title?",
    "does my team need that?",
]


@pytest.mark.parametrize("surface", [Surface.DM, Surface.MENTION, Surface.COMMAND])
@pytest.mark.parametrize("intent", OTHER_WORDINGS)
async def test_what_people_ask_about_their_privacy_is_told_in_a_few_sentences(
    library: Library, intent: str, surface: Surface
):
    for text in OTHER_WORDINGS[intent]:
        said = await talk_about(intent, text, surface, library)
        assert ("/rolefit quiet" if intent == "quiet" else "/rolefit privacy") in said
        assert said.count(". ") < 4


@pytest.mark.parametrize("intent", OTHER_WORDINGS)
def test_in_a_round_what_they_ask_about_their_privacy_is_no_answer(library: Library, intent: str):
    talk, run = library.words.talk, quiz.begin(library.quiz)

    for text in OTHER_WORDINGS[intent]:
        assert read(text, run, library.words.typed, aside=smalltalk.read(text, talk)) == Aside(intent), text


@pytest.mark.parametrize("surface", sorted(UNPROMPTED))
@pytest.mark.parametrize("intent", OTHER_WORDINGS)
async def test_between_people_nothing_is_said_of_privacy(library: Library, intent: str, surface: Surface):
    for text in OTHER_WORDINGS[intent]:
        assert await deciding.decide(text, surface, library, None) is None, text


@pytest.mark.parametrize("text", OF_ROLES)
def test_a_question_about_roles_in_the_same_words_is_no_small_talk(library: Library, text: str):
    assert smalltalk.read(text, library.words.talk) is None


@pytest.mark.parametrize("text", ["how do I remove the bot from the channel?", "can you write my job ad?"])
async def test_what_it_cannot_say_of_itself_leads_to_privacy_help_and_a_person(library: Library, text: str):
    reply = await deciding.decide(text, Surface.DM, library, None)

    assert reply is not None
    assert (reply.kind, reply.entries[0]) == (NOT_ANSWERED, "bot-itself")
    said = faq.rendered(reply.kind, reply.entries, library).text
    assert "/rolefit help" in said
    assert "/rolefit privacy" in said
    [to_person] = re.findall("“(.+?)”", said)
    assert smalltalk.read(to_person, library.words.talk) == "person"


WORDS = ["hi", "thx", "stop", "quiz", "what", "who", "is", "the", "OpenAI", "?", "!", ":wave:", "<@U1>", "visa", "ok"]


@given(
    text=st.text(max_size=300) | st.lists(st.sampled_from(WORDS)).map(" ".join),
    surface=st.sampled_from([Surface.DM, Surface.MENTION, Surface.COMMAND]),
)
async def test_whatever_is_said_gets_one_reply_or_none(library: Library, text: str, surface: Surface):
    reply = await deciding.decide(text, surface, library, None)

    if reply is not None:
        assert faq.rendered(reply.kind, reply.entries, library).text


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("something else would be nice", True),
        ("would be nice", True),
        ("a note would be nice if short", False),
        ("not that would be nice", False),
        ("so many thanks", True),
        ("thanks for all the help", True),
        ("and what is that for thanks", False),
    ],
)
def test_a_phrase_may_begin_with_a_gap(text: str, is_read: bool):
    phrases = GappedPhrases({"wish": ["… would be nice", "… thanks", "thanks …"]}, [])

    assert phrases.read(text) == ("wish" if is_read else None)
