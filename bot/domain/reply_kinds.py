"""The kinds of replies, as they are recorded with a reply and with the work that brings it."""

ANSWER, LINK = "answer", "link"  # an answer, and a link to where the channel has it
# The entries of NOT_ANSWERED are an id of not_answered.yaml and what is suggested besides, those of UNKNOWN the names
# of small talk that may have been meant.
SUGGEST, NOT_ANSWERED, UNKNOWN = "suggest", "not_answered", "unknown"
SUGGESTED = (SUGGEST, NOT_ANSWERED)  # those that offer suggestions
FOR_SENDER = "for_sender"  # how it gets to who has shared a result
ABOUT_COPY = "about_copy"  # where to ask about a result that somebody has shared
# The entries of TALK, which is small talk, are its name in words.yaml, those of ONLY_ENGLISH the language that somebody
# wrote in.
TALK, HELLO, ONLY_ENGLISH = "talk", "hello", "only_english"
