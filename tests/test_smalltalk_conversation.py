"""Small talk as people meet it: in the direct message, by a mention, in the thread of a round, and below its result."""

import pytest

from bot.knowledge import Library
from tests.sharing import finished
from tests.test_quiz_conversation import begin, card, message, question, write
from tests.workspace import BOT, Workspace, shown

# By what somebody means, how they put it; none of it is word for word in words.yaml. None: nothing is said.
SAID = {
    "deletion": ["please delete everything you know about me", "could you wipe my answers?"],
    "own_result": ["and where is my result", "can I look at my old result?"],
    "sharing": ["how can I share this with my lead?", "may I send my result to my boss"],
    "comparing": ["how do I compare, please?"],
    "complaint": ["you are a useless bot", "this bot is dumb and useless!!", "that's wrong, an MTS can lead a team"],
    "thanks": ["thanks, that was really useful", "i love you :heart:"],
    "greeting": ["hey, you there?", "hello, hope you are having a good day"],
    "stop": ["please stop the quiz"],
    "acknowledgement": ["oh sorry, wrong window", "lol ok"],
}


@pytest.mark.parametrize("intent", SAID)
async def test_in_the_direct_message_it_gets_its_reply_and_nothing_else(
    workspace: Workspace, library: Library, intent: str
):
    expected = library.words.talk.of(intent).reply
    for text in SAID[intent]:
        sent = await workspace.post("U_ANA", BOT, text)
        await workspace.settled()

        told = [shown(said) for said in await workspace.dm("U_ANA") if said["ts"] > sent and said["user"] == BOT]
        assert [text.partition("\n")[0] for text in told] == ([expected] if expected else []), text


async def test_in_a_channel_it_gets_a_reply_only_by_a_mention(workspace: Workspace, library: Library):
    for intent, texts in SAID.items():
        root = await workspace.post("U_ANA", "C_GENERAL", texts[0])
        await workspace.settled()
        assert [said["user"] for said in await workspace.thread("C_GENERAL", root, "U_ANA")] == ["U_ANA"], intent

        await workspace.mention("U_BEN", "C_GENERAL", texts[0], root)
        await workspace.settled()
        told = [said for said in await workspace.thread("C_GENERAL", root, "U_BEN") if said["user"] == BOT]
        expected = library.words.talk.of(intent).reply
        assert [shown(said).startswith(str(expected)) for said in told] == ([True] if expected else []), intent


async def test_in_a_round_it_is_no_answer_and_the_question_still_stands(workspace: Workspace, library: Library):
    root = await begin(workspace)
    await question(workspace, root, 1)

    for intent in ("deletion", "own_result", "comparing", "complaint", "greeting", "acknowledgement"):
        talk = library.words.talk.of(intent)
        before = len(await workspace.thread(root.channel, root, root.user))
        await write(workspace, root, SAID[intent][0])
        await workspace.settled()

        told = (await workspace.thread(root.channel, root, root.user))[before + 1 :]
        expected = talk.in_quiz or talk.reply
        assert any(str(expected) in shown(said) for said in told) if expected else not told, intent
    await write(workspace, root, "a")
    await question(workspace, root, 2)
    await card(workspace, root, "1 of 5 answered")


async def test_whoever_ends_the_quiz_in_its_thread_ends_it(workspace: Workspace):
    root = await begin(workspace)
    await question(workspace, root, 1)
    await write(workspace, root, SAID["stop"][0])

    await card(workspace, root, "Stopped. Your answers are kept")


async def test_below_a_result_it_says_what_can_be_done_there(workspace: Workspace, library: Library):
    root, _ = await finished(workspace)

    for intent in ("own_result", "sharing", "comparing", "deletion"):
        await write(workspace, root, SAID[intent][0])
        talk = library.words.talk.of(intent)
        await message(workspace, root, talk.below_result or talk.reply or "never")
