"""Versions of the quiz that runs are pinned to, so that a run goes on with the questions it has begun with."""

import hashlib
from collections.abc import Callable

from pydantic import ValidationError
from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.quiz_content import Quiz
from bot.storage.sql import autocommit, insert_new
from bot.storage.tables import quizzes, runs


class QuizVersions:
    """The versions of the quiz in a database; which one is the present one is told by `use_quiz`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._quizzes: dict[str, Quiz] = {}
        self._present: Quiz | None = None
        self._readable: Callable[[Quiz], bool] = lambda _: True

    def use_quiz(self, present: Quiz, readable: Callable[[Quiz], bool]) -> None:
        """Take over the present version of the quiz, and the function that tells whether an older one can be shown."""
        self._present, self._readable = present, readable

    async def quiz(self, digest: str) -> Quiz | None:
        """Give a pinned version of the quiz, or None if it cannot be read any more."""
        async with autocommit(self._engine) as connection:
            return await self._quiz(connection, digest)

    async def pin(self, quiz: Quiz) -> str:
        """Keep a version of the quiz for the runs that begin with it; gives its digest. Again does nothing."""
        async with self._engine.begin() as connection:
            return await self._pin(connection, quiz)

    async def forget_quizzes(self) -> None:
        """Delete the versions of the quiz that no run is pinned to, except the present one."""
        present = digest_of_quiz(self._present) if self._present else ""
        unused = (~exists().where(runs.c.quiz == quizzes.c.digest), quizzes.c.digest != present)
        async with autocommit(self._engine) as connection:  # which keeps nobody from writing
            if await connection.scalar(select(quizzes.c.digest).where(*unused).limit(1)) is None:
                return
        try:
            async with self._engine.begin() as connection:
                await connection.execute(delete(quizzes).where(*unused))
        except IntegrityError:  # a run was pinned to one of them meanwhile; the next time tells the others apart
            return

    async def _pin(self, connection: AsyncConnection, quiz: Quiz) -> str:
        """Keep a version of the quiz for a run that this transaction is about to write."""
        digest = digest_of_quiz(quiz)
        # Locked, where the database can, so that nobody forgets it before the run is written.
        kept = select(quizzes.c.digest).where(quizzes.c.digest == digest).with_for_update(read=True, key_share=True)
        while True:
            await insert_new(connection, quizzes, {"digest": digest, "content": quiz.model_dump(mode="json")})
            if await connection.scalar(kept):
                return digest

    async def _quiz(self, connection: AsyncConnection, digest: str) -> Quiz | None:
        if digest not in self._quizzes:
            content = await connection.scalar(select(quizzes.c.content).where(quizzes.c.digest == digest))
            try:
                self._quizzes[digest] = Quiz.model_validate(content)
            except ValidationError:  # written by a version of the bot whose quizzes had another shape
                return None
        quiz = self._quizzes[digest]
        return quiz if self._readable(quiz) else None


def digest_of_quiz(quiz: Quiz) -> str:
    """Name a version of the quiz by what it holds."""
    return hashlib.sha256(quiz.model_dump_json().encode()).hexdigest()
