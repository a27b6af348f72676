"""knowledge/*.yaml -> Library: one immutable snapshot, validated before it goes live.

`load` reads and cross-checks the files and raises KnowledgeError; `lint` adds what only an editor needs to know, and
`load_checked` takes only what it finds no errors in. Each problem names file, line, what is wrong and what to do.
Nothing but KnowledgeError is raised, whatever the files hold.

| module | subject |
|---|---|
| `problems` | `Problem` and `KnowledgeError` |
| `yaml_file` | YAML -> plain data with lines |
| `yaml_slips` | why a file is no YAML |
| `loader` | the files -> models -> `Library` |
| `library` | `Library`, the snapshot |
| `words` | the models of words.yaml: what the bot says |
| `references` | what the files say of each other |
| `phrases` | one phrase, one meaning |
| `linter` | all that `rolefit check` looks at |
| `text_checks` | texts that Slack would cut, copies, articles, signs |
| `outcomes` | what comes of the quiz |
| `promises` | what the matcher is promised to do |
| `drafts` | entries to be written for what has no answer |
| `learning` | `rolefit check --calibrate` |
"""

from bot.knowledge.drafts import draft
from bot.knowledge.learning import NO_TALK, UTTERANCES, calibrate, calibrate_talk, labelled, labelled_talk, trainer
from bot.knowledge.library import Library, english
from bot.knowledge.linter import lint, load_checked
from bot.knowledge.loader import files_saved, load
from bot.knowledge.problems import KnowledgeError, Problem

__all__ = [
    "NO_TALK",
    "UTTERANCES",
    "KnowledgeError",
    "Library",
    "Problem",
    "calibrate",
    "calibrate_talk",
    "draft",
    "english",
    "files_saved",
    "labelled",
    "labelled_talk",
    "lint",
    "load",
    "load_checked",
    "trainer",
]
