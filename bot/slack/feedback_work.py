"""What comes of the buttons below an answer, as durable work."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import structlog

from bot.domain.faq import FOLLOWED_FOR, UNPROMPTED, Surface
from bot.domain.gaps import Question, QuestionKind, message_id
from bot.domain.owner import read_owner
from bot.domain.picked_suggestion import place_among
from bot.domain.reply_kinds import ANSWER, NOT_ANSWERED, SUGGEST, SUGGESTED, UNKNOWN
from bot.domain.why import explain
from bot.jobs import current_key, retry_db, start, step, worker, workflow
from bot.knowledge import Library
from bot.slack import blocks, deciding, faq, feedback_blocks, gaps, manners_blocks
from bot.slack.answer_controls import UNREVISED, AboutAnswer
from bot.slack.channel import DIRECT_MESSAGE
from bot.slack.gateway import Render
from bot.slack.leaning import leant_on
from bot.slack.lookups import FetchedMessage
from bot.slack.own_messages import PEOPLE
from bot.slack.pieces import Message
from bot.slack.reply_work import ReplyWorker
from bot.slack.slack_calls import SlackWorkError, UncertainError
from bot.slack.text import Mrkdwn, fill, mention
from bot.slack.work import Work
from bot.storage import HelpRequest, Reply, ReplyState

ASKED = (Surface.MENTION, Surface.DM)  # where people put a question to the bot that all in the conversation can read
NOT_YOURS_TO_DECLINE = "not_yours_to_decline"  # who said that none was meant had not asked; and what they are told
UNDER_WAY, PASSED_ON = "under way", "passed on"  # in place of whom to ask: other work is at it, or has done it
NOT_HELPFUL = "not_helpful"  # what was wrong, of a vote without a reason

log = structlog.get_logger()


@dataclass(frozen=True)
class Click:
    """A click on a message: whose, where, when, and where it can be answered. ts: of the message that was clicked.

    is_private: only this person sees the message.
    """

    team: str
    user: str
    channel: str
    ts: str
    thread_ts: str | None
    at: str
    response_url: str | None
    is_private: bool = False

    def record(self) -> dict[str, Any]:
        """Give it as plain data, which durable work takes."""
        return asdict(self)


@worker()
class FeedbackWorker(ReplyWorker):
    """Answers clicks below an answer. What people wrote is fetched from Slack where it is needed, and never recorded.

    Questions are ranked for an explanation as they were for the answer, with the second stage.
    """

    def render_reply(self, team: str, channel: str, reply: Reply) -> Render:  # noqa: ARG002 - an answer is alike anywhere
        """Have a reply rendered as it is posted."""
        return self._rendered(partial(faq.posted, reply))

    @workflow
    async def choose(
        self,
        clicked: dict[str, Any],
        question_ts: str,
        entry: str | None,
        revision: str = UNREVISED,
        is_typed: bool = False,
    ) -> None:
        """Make the suggestion that somebody chose the answer, in place; None for none of those that were offered.

        That none was meant only who asked can say: it takes the suggestions away for all.

        revision: of the question for which they were offered. is_typed: its number was typed at `clicked`'s time, in
        that thread, and below the number a line leads to the answer, which may stand far above.
        """
        click = Click(**clicked)
        team, channel, thread_ts = click.team, click.channel, click.thread_ts or click.ts
        # As it was, if it is from so long ago that it is not remembered.
        made_for = "" if revision == UNREVISED else revision
        wanted = Reply(question_ts, thread_ts, None, Surface.MENTION, SUGGEST, (), decided_for=made_for)
        held = await self._hold(team, channel, wanted, revises=False)
        offers = held is not None and held.kind in SUGGESTED and held.state is not ReplyState.WITHDRAWN
        chosen = held is not None and held.state is ReplyState.POSTED and bool(held.offered)
        if held is None or not offers or held.decided_for != made_for:
            if held:
                await self._settle(team, channel, held)
            if held is None or not chosen or held.decided_for != made_for:  # whoever clicked first has decided
                await self._tell(click, self._say("changed_since"))
            return
        settled = replace(held, state=ReplyState.POSTED, answer_ts=click.ts, offered=held.entries)
        async with self._freed_on_failure(team, channel, held):
            exists = await step("find entry", self._find, entry, held.asker in (None, click.user))
            if exists == NOT_YOURS_TO_DECLINE:
                await self._settle(team, channel, held)
                await self._tell(click, self._say(NOT_YOURS_TO_DECLINE))
                return
            if exists and entry:
                settled = await self._change(team, channel, replace(settled, kind=ANSWER, entries=(entry,)))
            else:
                settled = replace(settled, kind=UNKNOWN, entries=())
                about = None if entry else AboutAnswer(click.ts, question_ts, None)
                lease = self._lease(team, channel, settled)
                await self._gateway.update_message(team, channel, click.ts, self._not_chosen(click, about), lease=lease)
        await self._settle_with_links(team, channel, held, settled)
        if is_typed and (link := await self._gateway.get_permalink(team, channel, click.ts)):
            at_top_level = channel.startswith(DIRECT_MESSAGE) and thread_ts == click.at
            note = self._rendered(partial(feedback_blocks.answered_above, link))
            await self._gateway.post_message(team, channel, note, thread_ts=None if at_top_level else thread_ts)
        if exists or entry is None:
            kind = QuestionKind.CHOSEN if entry else QuestionKind.DECLINED
            question = message_id(channel, question_ts)
            await step("decide", self._store.gaps.decide_suggestion, team, question, click.user, kind, entry)

    @workflow
    async def choose_by_number(
        self,
        team: str,
        channel: str,
        thread_ts: str,
        ts: str,
        user: str,
        number: int,
        kind: str,
        entries: list[str],
        surface: str,
        shared: bool | None,
    ) -> None:
        """Take a number that was typed in a thread for a click on the suggestion that stands there under this number.

        number: as `picked_suggestion` gives it. Where none is picked, reply as planned:
        `kind` and `entries` as PlannedReply has them, no kind for no reply. It is the one work of this message, so that
        the message delivered again finds it done, whatever stands there by then.
        """

        async def suggested() -> list[str] | None:
            if thread_ts == ts:  # outside threads it names one of what was said just before, and of nothing earlier
                reply = await self._store.replies.last_at_top_level(team, channel, before=ts, within=FOLLOWED_FOR)
                reply = reply if reply and reply.kind in SUGGESTED else None
            else:
                reply = await self._store.replies.latest_in_thread(team, channel, thread_ts, SUGGESTED)
            offered = (reply.entries[1:] if reply.kind == NOT_ANSWERED else reply.entries) if reply else ()
            place = place_among(number, len(offered))
            if reply is None or reply.answer_ts is None or place is None:
                return None
            return [reply.answer_ts, reply.question_ts, reply.decided_for or UNREVISED, offered[place]]

        suggestion = await step("suggestion", suggested)
        if suggestion:
            answer_ts, question_ts, revision, entry = suggestion
            click = Click(team, user, channel, answer_ts, thread_ts, ts, None)
            key = Work.SHOW_ENTRY.key(team, channel, answer_ts, revision, ts)
            await start(key, self.choose, click.record(), question_ts, entry, revision, is_typed=True)
        elif kind:
            faq.count_reply(kind, surface)
            wanted = Reply(ts, thread_ts, user, surface, kind, tuple(entries))
            await faq.faq_worker.bring(team, channel, wanted, shared=shared)

    def _not_chosen(self, click: Click, about: AboutAnswer | None) -> Render:
        """Give a function that renders that no suggestion was meant; without `about`, that the chosen entry is gone."""

        async def message() -> Message:
            if about is None:
                return blocks.say(self._library.words.feedback.entry_gone)
            person = bool(await self._whom_to_ask(click.team, None, click.user))
            support = self._services.support
            return feedback_blocks.none_taken(about, self._library, person=person, support=support)

        return message

    async def _find(self, entry: str | None, may_decline: bool) -> bool | str:
        """Say whether the entry that was chosen is known; NOT_YOURS_TO_DECLINE if none was, and they may not say so."""
        if entry is None and not may_decline:
            return NOT_YOURS_TO_DECLINE
        return entry is not None and self._library.entry(entry) is not None

    # Votes

    @workflow
    async def vote(self, clicked: dict[str, Any], question_ts: str, entry: str, helpful: bool) -> None:
        """Record a vote, thank for it, and ask whom the answer did not help what was wrong."""
        click = Click(**clicked)

        async def record() -> dict[str, bool]:
            reply = await self._store.replies.get(click.team, click.channel, question_ts)
            if reply and reply.state is ReplyState.WITHDRAWN:
                return {"withdrawn": True}
            await self._store.feedback.vote(
                click.team, click.channel, click.ts, click.user, entry=entry, helpful=helpful, at=float(click.at)
            )
            return {"asked": bool(reply and reply.asker and reply.surface in ASKED)}

        recorded = await step("vote", record)
        if recorded.get("asked"):  # what nobody put to the bot is not kept
            await self._keep_as_gap(click, question_ts, entry)
        if "withdrawn" in recorded:
            await self._tell(click, self._say("withdrawn"))
        elif helpful:
            await self._tell(click, self._say("thanks"))
        else:
            about = AboutAnswer(click.ts, question_ts, entry)

            async def render() -> Message:
                person = bool(await self._whom_to_ask(click.team, entry, click.user))
                return feedback_blocks.what_was_wrong(about, self._library, person=person)

            await self._tell(click, render)

    async def _keep_as_gap(self, click: Click, question_ts: str, entry: str) -> None:
        """Keep a question as a gap while anybody's vote says that its answer did not help; one row for all votes."""
        question = f"vote:{message_id(click.channel, question_ts)}"

        async def thread() -> str | None:
            if await self._store.feedback.is_disputed(click.team, click.channel, click.ts, entry):
                reply = await self._store.replies.get(click.team, click.channel, question_ts)
                return reply.thread_ts if reply else None
            await self._store.gaps.remove(click.team, question)
            return None

        async def keep(message: FetchedMessage | None) -> None:
            reply = await self._store.replies.get(click.team, click.channel, question_ts)
            if message is None or reply is None or reply.asker is None or reply.state is ReplyState.WITHDRAWN:
                return
            if message.edited_ts and message.edited_ts > click.at:  # what did not help was an answer to something else
                return
            about: dict[str, Any] = {"channel": click.channel, "ts": question_ts, "entry": entry}
            kept = Question(question, reply.asker, QuestionKind.NOT_HELPFUL, message.text, **about, revision=click.at)
            await self._store.gaps.record(click.team, kept)
            # The vote or the message may have changed while Slack was asked; a change from now on finds the kept row.
            disputed = await self._store.feedback.is_disputed(click.team, click.channel, click.ts, entry)
            question_key = (click.team, click.channel, question_ts)
            if not disputed or await gaps.is_revised_since(*question_key, click.at, self._store):
                await self._store.gaps.remove(click.team, question)

        if thread_ts := await step("disputed", thread):
            await self._gateway.read_message(click.team, click.channel, question_ts, keep, thread_ts=thread_ts)

    @workflow
    async def give_reason(
        self, clicked: dict[str, Any], answer_ts: str, question_ts: str, entry: str | None, reason: str
    ) -> None:
        """Record what was wrong with an answer, and thank for it."""
        click, about = Click(**clicked), AboutAnswer(answer_ts, question_ts, entry)
        where = (click.team, click.channel, answer_ts, click.user)
        await step("reason", self._store.feedback.set_reason, *where, reason)

        async def thanks() -> Message:
            person = bool(await self._whom_to_ask(click.team, entry, click.user))
            return feedback_blocks.reason_taken(about, self._library, person=person)

        await self._tell(click, thanks)

    @workflow
    async def hush(self, clicked: dict[str, Any]) -> None:
        """Say nothing more in a thread unasked."""
        click = Click(**clicked)
        thread_ts = click.thread_ts or click.ts

        async def hush() -> None:
            await self._store.replies.hush(click.team, click.channel, thread_ts, by=click.user)

        await step("hush", hush)
        await self._tell(click, self._rendered(manners_blocks.hushed))

    # Why

    @workflow
    async def explain(self, clicked: dict[str, Any], question_ts: str) -> None:
        """Tell somebody why a message was answered as it was. It is read anew: we keep no copy of it."""
        click = Click(**clicked)

        async def explanation() -> Message:
            words = self._library.words.feedback
            reply = await self._store.replies.get(click.team, click.channel, question_ts)
            if reply is None:
                return blocks.say(words.why_forgotten)
            if reply.state is ReplyState.WITHDRAWN:
                return blocks.say(words.withdrawn)
            entries = self._library.known(reply.entries)
            if not entries:
                return blocks.say(words.entry_gone)
            if reply.offered:
                return feedback_blocks.why_chosen(entries, self._library)
            in_thread = reply.thread_ts if reply.thread_ts != question_ts else None
            question = await self._gateway.get_message(click.team, click.channel, question_ts, thread_ts=in_thread)
            if question is None:
                by_button = reply.surface == Surface.COMMAND and click.channel.startswith(DIRECT_MESSAGE)
                return blocks.say(words.why_button if by_button else words.why_gone)
            after = None
            surface, may_follow = Surface(reply.surface), in_thread or click.channel.startswith(DIRECT_MESSAGE)
            if may_follow and self._library.follows(question.text, prompted=surface not in UNPROMPTED):
                after = await self._leant_on(click, question.text, reply)
            ranked = await deciding.rank(question.text, surface, self._library, self._services.second_stage, after)
            explained = [(entry, explain(ranked, entry.id, reply.entries)) for entry in entries]
            edited = bool(question.edited_ts and question.edited_ts > click.ts)
            return feedback_blocks.explanation(explained, self._library, edited=edited)

        await self._tell(click, explanation)

    async def _leant_on(self, click: Click, text: str, reply: Reply) -> str | None:
        """Give the entry that a question leant on when it was answered; None if nothing had been answered before."""
        before = await self._store.replies.before(click.team, click.channel, reply)
        last = self._library.entry(before.entries[-1]) if before and before.entries else None
        if last is None or Surface(reply.surface) in UNPROMPTED:
            return last.id if last else None
        return await leant_on(text, last.id, click.team, click.channel, reply, self._library, self._store)

    # Asking a person

    @workflow
    async def ask_person(self, clicked: dict[str, Any], question_ts: str, entry: str | None) -> None:
        """Pass a question on to the entry's owner, or else to the workspace's editors, and say to whom.

        It is claimed first, for a click may come beside another: that joins the work of the earlier one, which tells
        what comes of it. Where it has reached nobody the claim is given back before that is told, so that whoever has
        read it and clicks again is heard.
        """
        click = Click(**clicked)
        question = (click.team, click.user, click.channel, question_ts)

        async def whom() -> list[str] | str:
            if not await self._store.feedback.claim_help(*question, by=current_key()):
                return UNDER_WAY
            # Looked for with the claim in hand: what other work has passed on until now is recorded.
            if await self._store.feedback.is_asked(*question):
                return PASSED_ON
            return await self._whom_to_ask(click.team, entry, click.user)

        async def release() -> None:
            await self._store.feedback.release_help(*question, by=current_key())

        people = await step("whom", whom)
        if people == UNDER_WAY:
            return
        try:
            await self._pass_on(click, question_ts, entry, people, release)
        except Exception:
            # Not as a step, since recording steps may be what fails. Repeating it changes nothing.
            await retry_db(release)
            raise

    async def _pass_on(
        self,
        click: Click,
        question_ts: str,
        entry: str | None,
        people: list[str] | str,
        release: Callable[[], Awaitable[None]],
    ) -> None:
        """Pass a question on to the first of these people who can be reached, and tell who clicked what came of it.

        people: PASSED_ON if it was before. release: gives back the claim to pass it on.
        """

        async def tell(sentence: str) -> None:
            async def message() -> Message | None:
                await release()
                return await self._say(sentence)()

            await self._tell(click, message)

        if people == PASSED_ON:
            await tell("person_asked_before")
            return
        if not people:
            await tell("nobody_to_ask")
            return
        link = await self._gateway.get_permalink(click.team, click.channel, question_ts)
        if link is None:
            await tell("question_gone")
            return
        request = HelpRequest("", "", click.user, click.channel, question_ts, entry)
        for target in people:
            message = self._help_message(click.team, request, link, in_dm=target[:1] in PEOPLE)
            try:
                posted = await self._gateway.post_message(click.team, target, message)
            except UncertainError:
                raise
            except SlackWorkError as error:
                log.warning("a question could not be passed on", error=str(error))
                continue
            if posted:
                channel, ts = posted
                await step(
                    "remember",
                    self._store.feedback.record_help_request,
                    click.team,
                    replace(request, channel=channel, ts=ts),
                )
                await self._tell(click, self._person_asked(target))
                return
        await tell("person_not_reached")

    @workflow
    async def tell_asked(self, clicked: dict[str, Any]) -> None:
        """Tell somebody that their question has been passed on before: as versions before this one recorded it."""
        await self._tell(Click(**clicked), self._say("person_asked_before"))

    @workflow
    async def close_help_request(self, team: str, channel: str, ts: str, by: str, reply_ts: str) -> None:
        """Mark a question as answered by the person who replied, and tell who had asked, once."""

        async def resolve() -> dict[str, Any] | None:
            request = await self._store.feedback.resolve(team, channel, ts, by=by)
            return asdict(request) if request else None

        resolved = await step("resolve", resolve)
        if resolved is None:
            return
        request = HelpRequest(**resolved)
        question = await self._gateway.get_permalink(team, request.asked_in, request.question_ts)
        in_dm = channel.startswith(DIRECT_MESSAGE)
        message = self._help_message(team, request, question, in_dm=in_dm)
        await self._gateway.update_message(team, channel, ts, message)
        reply = None if in_dm else await self._gateway.get_permalink(team, channel, reply_ts)
        news = self._rendered(lambda library: feedback_blocks.help_news(by, reply, question, library))
        await self._gateway.deliver_message(team, request.asker, news)

    def _help_message(self, team: str, request: HelpRequest, link: str | None, *, in_dm: bool) -> Render:
        """Have the message rendered that passes a question on. A question in a direct message has no link to share."""

        async def message() -> Message:
            reply = await self._store.replies.get(team, request.asked_in, request.question_ts)
            vote = None
            if reply and reply.answer_ts:
                vote = await self._store.feedback.vote_of(team, request.asked_in, reply.answer_ts, request.asker)
            return feedback_blocks.help_request(
                request.asker,
                None if request.asked_in.startswith(DIRECT_MESSAGE) else link,
                self._library.entry(request.entry) if request.entry else None,
                (vote.reason or NOT_HELPFUL) if vote and vote.entry == request.entry and not vote.helpful else None,
                self._library,
                in_dm=in_dm,
                resolved_by=request.resolved_by,
            )

        return message

    def _person_asked(self, target: str) -> Render:
        whom = mention(target) if target[:1] in PEOPLE else Mrkdwn(f"<#{target}>")
        return self._rendered(lambda library: blocks.filled(fill(library.words.feedback.person_asked, whom=whom)))

    async def _whom_to_ask(self, team: str, entry: str | None, asker: str) -> list[str]:
        """Give whom to ask, in this order: the owner of an entry, if Slack knows them, and the workspace's editors."""
        current_entry = self._library.entry(entry) if entry else None
        owner = read_owner(current_entry.owner).slack_id if current_entry else None
        editors = await self._store.feedback.editors_channel(team)
        return list(dict.fromkeys(whom for whom in (owner, editors) if whom and whom != asker))

    # What is told to one person

    def _say(self, name: str) -> Render:
        """Give a function that renders one of the plain sentences of words.yaml, by its name."""

        def render(library: Library) -> Message:
            return blocks.say(getattr(library.words.feedback, name))

        return self._rendered(render)

    async def _tell(self, click: Click, message: Render) -> None:
        """Tell whoever clicked, and nobody else: in place of what only they see, or in the thread.

        Who is no member of the channel is told by the address of the click.
        """
        if click.is_private and click.response_url:
            await self._gateway.respond(click.response_url, message, replace=True)
            return
        try:
            await self._gateway.post_ephemeral(
                click.team, click.channel, click.user, message, thread_ts=click.thread_ts
            )
        except SlackWorkError:
            if click.response_url is None:
                raise
            await self._gateway.respond(click.response_url, message)


feedback_worker = FeedbackWorker("feedback")
