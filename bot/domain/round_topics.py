"""What people ask and say about the quiz or its result: whether an answer is the right one, what the table shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.domain import smalltalk
from bot.domain.quiz_content import Opening
from bot.domain.quiz_run import Run

Name = TypeVar("Name", bound=str)

LONGEST = 200  # characters; who writes more has something else to say


class Topic(StrEnum):
    """What a text is about, by the name that the reply to it has in words.yaml."""

    NO_RIGHT_ANSWER = "no_right_answer"  # whether an answer is right, or better than another
    VOLUNTARY = "voluntary"  # why one should do this, and whether one has to
    LEFT = "left"  # how many questions are left
    YES_OR_NO = "yes_or_no"  # yes or no to the opening question, which is of three
    COLLEAGUE = "colleague"  # whether others can take the quiz
    VALID = "valid"  # for how long a result holds
    TABLE = "table"  # what the table in the result shows
    MARKS = "marks"  # what the marks in it are
    ONE_CASE = "one_case"  # other answers, of which no case can be read
    PAY = "pay"  # what a result means for one's pay
    GRADED = "graded"  # that one is graded on something else
    UNFAIR = "unfair"  # that the result is unfair, or hurts
    CONTRACT = "contract"  # that a contract or a card has another title
    CHANGING = "changing"  # how an answer can be changed
    SEEN = "seen"  # whether who got the result has read it


@dataclass(frozen=True)
class AboutRound:
    """A question or a remark about the quiz or its result."""

    topic: Topic


@dataclass(frozen=True)
class ShowsPart:
    """A wish to see a part of the result, which has a button: one of `bot.domain.quiz_run.PARTS`."""

    part: str


# All in the spelling of small talk, which has no signs and no capitals
_FIRST = r"(?:(?:and|but|so|ok|okay|well|then|sorry|please|hm+|um+|wait|hey|oh|hi|no|just) )*"
_LAST = (
    r"(?:(?: (?:then|now|please|exactly|really|actually|here|again|though|at all|anyway|too|also|honestly"
    r"|in this|tbh))*)"
)
_ANSWERS = r"(?:answers?|choices?|options?|ones?|responses?|letters?|replies|reply)"
_GOOD = r"(?:right|correct|best|better|good|wrong|bad|expected|perfect|ideal|true|proper|safest|smartest)"
_QUIZ = (
    r"(?:this|it|that|the (?:quiz|questions|test|survey|round)|this (?:quiz|test|survey|round|thing)"
    r"|these(?: questions)?|(?:all )?(?:of )?(?:the|these) questions)"
)
_ANSWERING = r"(?:pick|choose|chose|say|answer|select|take|click|type|put|give|go (?:for|with))"
_NO_RIGHT_ANSWER = (
    rf"(?:what|which)(?: {_ANSWERS})? (?:is|are|would be|s) (?:the |a )?{_GOOD}(?: {_ANSWERS})?(?: to (?:give"
    r"|pick|choose|take))?",
    rf"(?:is|are) there (?:an? |any |some )?{_GOOD}(?: (?:and|or) (?:an? )?{_GOOD})?(?: {_ANSWERS})?",
    rf"(?:is|are) (?:any|one|some|all)(?: of (?:them|these|the {_ANSWERS}))?(?: {_ANSWERS})? (?:more"
    rf" )?{_GOOD}(?: than .+)?",
    rf"(?:does|will|would|do) (?:it|this|that|my {_ANSWERS}|the {_ANSWERS})(?: (?:even|really))* (?:matter"
    r"|make (?:a|any) difference|count)"
    rf"(?: (?:what|which)(?: (?:one|{_ANSWERS}))? (?:i|we) {_ANSWERING})?",
    rf"(?:what|which)(?: (?:one|{_ANSWERS}))? (?:should|shall|must|ought|do|would|can) (?:i|one|you"
    rf"|we)(?: to)? (?:best )?{_ANSWERING}",
    r"what would you do(?: (?:in my (?:place|position|shoes)|if you were me))?",
    rf"(?:is|was) (?:my |that |this |the )?(?:last )?{_ANSWERS} (?:right|correct|wrong|good|ok|fine|bad)",
    r"(?:can|could|do) i (?:get|answer|do|have) (?:it|this|that|something|anything) (?:wrong|right|correctly)",
    rf"(?:what|which)(?: (?:{_ANSWERS}))? do (?:you|they|people|most(?: people)?|others) (?:want|expect|prefer"
    rf"|recommend|like|usually {_ANSWERING})"
    r"(?: (?:to hear|me to (?:say|pick|choose)|from me))?",
    rf"(?:are there|there (?:is|are) no|is there no) (?:right |wrong |correct )(?:or (?:right |wrong ))?{_ANSWERS}",
)
_VOLUNTARY = (
    r"why (?:should|must|would|do|shall|am|are) (?:i|we|anybody|anyone|people)(?: (?:even|have to|need to"
    r"|supposed to|asked to|bother to|bother with|bother))* ?"
    rf"(?:do|doing|take|taking|answer|answering|fill in|fill out)?(?: {_QUIZ})?",
    rf"(?:is|are) {_QUIZ} (?:even )?(?:mandatory|compulsory|required|obligatory|optional|voluntary|necessary"
    r"|needed|a must)",
    r"(?:do|must|should|am|are|is it that) (?:i|we)(?: (?:really|even|actually))*(?: (?:have to|need to"
    r"|required to|obliged to|forced to|supposed to|got to))?"
    rf" (?:do|take|answer|fill in|fill out|finish|complete) (?:all (?:of )?)?{_QUIZ}",
    r"(?:is|are) (?:it|this|that) (?:mandatory|compulsory|required|obligatory|optional|voluntary)(?: or (?:not"
    r"|optional|voluntary))?",
    r"(?:mandatory|voluntary|optional)",
    rf"(?:can|may|could) i (?:refuse|decline|opt out|say no|not (?:do|take|answer))(?: {_QUIZ})?",
    rf"what happens if i (?:do not|dont|refuse to|never)(?: (?:do|take|answer|finish))?(?: {_QUIZ})?",
    rf"what is (?:in it for me|the (?:point|benefit|use|purpose|gain)(?: (?:of|in) (?:{_QUIZ}|(?:doing|taking"
    rf"|answering) {_QUIZ}))?)",
)
_MORE = (
    r"(?:still|more|left|remaining|to go|to come|there|questions|ones|of (?:them|these|those)|are|is|do i have"
    r"|have i got|will (?:there be|come)|it|come|coming|after this|until the (?:end|result))"
)
_LEFT = (
    rf"(?=.*\b(?:still|more|left|remaining|go|come|coming|after)\b)how many(?: {_MORE})+",
    r"(?=.*\b(?:still|more|longer|left|go|end|last|remains?|remaining)\b)"
    r"(?:how (?:long|much longer|much|far))(?: (?:will|does|is|do|has))?(?: (?:it|this|the rest|the quiz|i"
    r"|we))?(?: (?:still|more|longer|take|need|left|to go|is left|have to|go on|last|remains?|remaining"
    r"|until the (?:end|result)|till the end))+",
    r"(?:am i|are we|is (?:it|this)) (?:nearly |almost |soon )*(?:done|there|finished|over|through|at the end"
    r"|the end|the last (?:one|question)|the final (?:one|question))(?: (?:yet|soon|already))*",
    r"(?:is|are) there (?:many|any|much|a lot)(?: of)?(?: (?:more|left|questions|to go|to come|still))+",
    r"(?:questions|how much) (?:left|remaining|to go)",
)
_YES_OR_NO = (
    r"(?:yes|no|nope|nah|yeah|yep|yup|sure|right)(?: (?:yes|no|nope|nah|please|thanks|thank you))*",
    r"(?:no+|nope|nah|please)? ?(?:please )?(?:dont|do not)(?: (?:do (?:it|this|that)|want(?: (?:to|it|this"
    r"|that))?|ask(?: me)?|bother))?(?: please)?",
    r"(?:no|nope|nah) (?:i )?(?:wont|will not|would rather not|rather not)",
)
_OTHERS = (
    r"(?:my |a |our |the |other |another |some )*(?:colleagues?|coworkers?|team ?mates?|teams?|friends?|people"
    r"|others|boss|manager|everyone|everybody|anyone|anybody|someone(?: else)?|somebody(?: else)?|reports?"
    r"|husband|wife|partner)"
)
_TAKE = r"(?:take|do|try|answer|play|fill (?:in|out))"
_COLLEAGUE = (
    rf"(?:can|could|may|might|should|is) {_OTHERS}(?: (?:also|too))* (?:{_TAKE}"
    rf"|allowed to {_TAKE})(?: {_QUIZ})?(?: (?:too|as well|also))*",
    rf"how (?:can|could|do|does|would|will) {_OTHERS} {_TAKE}(?: {_QUIZ})?(?: (?:too|as well|also))*",
    rf"(?:can|could|may) (?:i|we) (?:invite|ask|get|let|have) {_OTHERS}(?: to)? {_TAKE}(?: {_QUIZ})?(?: (?:too"
    r"|as well|also))*",
    rf"(?:is|are) {_QUIZ} (?:open|available|there|free) (?:to|for) {_OTHERS}(?: (?:too|as well|also))*",
)
_RESULT = r"(?:it|this|that|(?:my|the|this|that) (?:result|recommendation|outcome|role|picture))"
_VALID = (
    rf"(?:for )?how long (?:is|does|will|are) {_RESULT}(?: (?:be|stay|remain|hold|stand))?(?: (?:valid|good|true"
    r"|right|hold|last|stay|stand|keep|current|up to date|for))*",
    rf"(?:does|will|can) {_RESULT} (?:ever )?(?:expire|change over time|get old|go out of date"
    r"|stay(?: (?:the same|valid|like this))?|become outdated)",
    rf"(?:when|how often) (?:should|do|can|must|would) i (?:do|take|repeat|redo) {_QUIZ}(?: (?:again|once more"
    r"|anew))?",
    rf"is {_RESULT} (?:still )?(?:valid|permanent|final|forever)(?: (?:forever|next year|later|in a year))?",
)
_TABLE_NAME = (
    r"(?:the|this|that|your|a) (?:little |small )?(?:table|grid|matrix|excerpt|rows"
    r"|columns)(?: excerpt)?(?: (?:above|below|here|there|in (?:the|my) result))*"
)
_TABLE = (
    r"(?:can you |could you |please )*(?:explain|describe|tell me about|help me (?:read|with"
    rf"|understand))(?: to me)? {_TABLE_NAME}(?: to me)?",
    rf"what (?:is|are|does|do) {_TABLE_NAME}(?: (?:mean|say|show|tell me|about|for|good for|telling me))*",
    rf"how (?:do|should|can|must) i read {_TABLE_NAME}",
    rf"i (?:dont|do not|cant|cannot) (?:get|understand|read|follow) {_TABLE_NAME}",
    rf"where (?:is|does|are) {_TABLE_NAME}(?: come)? from",
    rf"what am i (?:looking at|seeing|reading)(?: (?:in|with|there|here)(?: {_TABLE_NAME})?)?",
    rf"why (?:is|are|do you show|do i see)(?: there)? {_TABLE_NAME}(?: (?:there|here))?",
)
_MARK = (
    r"(?:the|this|that|these|those|your|a|an) (?:little |small |black )?(?:arrows?|triangles?|pointers?|marks?"
    r"|symbols?|signs?|markers?)(?: (?:in|before|next to|in front of|beside) .+)?"
)
_MARKS = (rf"what (?:is|are|does|do) {_MARK}(?: (?:mean|say|show|for|stand for|about))*", rf"(?:explain|why) {_MARK}")
# "what is ▸", of which one spelling has nothing left
_SIGN = re.compile(
    r"\W*(?:(?:and|but|so)\s+)?(?:(?:what|why|explain|meaning)\b[^▸►▶]{0,30})?[▸►▶][^▸►▶]{0,20}", re.IGNORECASE
)
_EVERY = (
    r"(?:everywhere|(?:to|for|in|on|at|with) (?:everything|all|every(?: one)?|each|every question|all (?:the "
    r"|of the |five )?questions|each question|all of (?:them|it)|every one)|every time|each time|all the time"
    r"|always|throughout|all through|on every question|five times|all the way)"
)
_SUPPOSED = r"(?:what if|what when|how about|suppose|imagine|if|what would happen if|and if|what about)"
_I_SAID = (
    r"(?:i (?:had |would have |have )?(?:said|say|answered?|picked|pick|chose|choose|chosen|took|taken|put|gave"
    r"|given|clicked|typed?|selected|go (?:for|with)|gone (?:for|with)|went (?:for|with)))"
)
_ONE_CASE = (
    rf"(?:{_SUPPOSED} )?(?:{_I_SAID} )?(?:only |just )?[a-h]s? {_EVERY}",
    rf"{_SUPPOSED} (?:{_I_SAID} )?(?:only|just|all|always|nothing but)(?: the)?(?: letter)? [a-h]s?",
    rf"{_SUPPOSED} (?:{_I_SAID} )?(?:all|everything|every answer|all (?:my |the |of my )?answers|they"
    r"|all of them|my answers)(?: (?:were|was|are|is|had been|would be))+(?: all)? ?(?:[a-h]s?|different"
    r"|otherwise)?",
    rf"{_SUPPOSED} (?:i (?:had )?)?(?:answered|changed|said|picked) (?:everything|all|all of them|all answers"
    rf"|every question|several|two|three|both|more than one)(?: .{{1,40}})?",
    r"all [a-h]s?",
)
_MONEY = r"(?:pay|salary|wages?|money|compensation|income|bonus)"
_PAY = (
    r"(?:will|would|do|does|am|shall|should|can) (?:i|we) (?:\w+ ){0,2}(?:be |get |being |getting )?(?:(?:paid"
    r"|earn|make|earning|making)(?: (?:less|more|better|worse|money))+|underpaid|get (?:less|more) money"
    r"|a pay cut)"
    r"(?: (?:for|with|because of|in|as|than|by) .{1,40})?",
    r"(?:will|would|does|do|can|is|could) (?:it|this|that|(?:the|my|this) (?:result|role"
    rf"|{_MONEY})) (?:\w+ ){{0,3}}(?:my {_MONEY}|{_MONEY}|paid (?:less|more|better|worse)|go (?:up|down)|drop"
    rf"|rise|mean (?:less|more) {_MONEY})",
    r"(?:what|how) (?:does|do|will) (?:it|this|that|(?:the|my|this) (?:result|role)) (?:mean|do|say|affect"
    rf"|change)(?: (?:for|about|to|with))? (?:my )?{_MONEY}",
    rf"(?:what|how) about (?:my |the )?{_MONEY}",
    r"i (?:am|get|will be|would be|will get)(?: (?:getting )?paid)? (?:paid )?(?:less|too little|underpaid"
    r"|badly paid)(?: .{1,40})?",
)
_WHO_GRADES = (
    r"(?:my |our |the |his |her )*(?:boss|manager|lead|company|employer|team|reviews?|reviewer"
    r"|performance review|appraisal|director|cto|head|org|supervisor|firm|management|they|promotion committee"
    r"|committee|evaluation)"
)
_GRADES = (
    r"(?:grades?|judges?|measures?|rates?|evaluates?|reviews?|assesses|assess|looks?|counts?|scores?|values?"
    r"|promotes?|rewards?|cares?|wants?|only (?:cares|looks|counts|wants|grades|judges|measures)|just (?:cares"
    r"|looks|counts|wants|grades))"
)
_GRADED_ON = (
    r"(?:papers?|publications?|citations?|uptime|latency|kpis?|shipping|features?|velocity|metrics?|novelty"
    r"|impact|tickets|commits|lines of code|revenue|code|experiments|models|products?|something else"
    r"|other things|the wrong (?:things?|column|metrics?)|research|benchmarks?|patents?|output|cost|deadlines)"
)
_GRADED = (
    rf"(?:but )?{_WHO_GRADES} (?:\w+ )?{_GRADES}(?: (?:me|us|only|about|on|by|at|for|all|just|it|my work"
    rf"|our work|based))* ?(?:the |my |how many |number of |count of )*{_GRADED_ON}(?: .{{1,30}})?",
    r"(?:but )?(?:i|we) (?:am|are|get|was|were|will be|have been|got)(?: (?:only|still|always|just"
    r"|being))* (?:graded|judged|measured|rated|evaluated|reviewed|assessed|promoted|scored)(?: (?:only|just"
    r"|solely|mostly))* (?:on|by|for|based on|against|according to)(?: (?:the|my|our|how many"
    rf"|number of))* {_GRADED_ON}(?: .{{1,30}})?",
    rf"(?:but )?(?:at my company|in my (?:company|team)|here|where i work) (?:only )?{_GRADED_ON} (?:count"
    r"|counts|matter|matters)(?: only)?",
)
_UNFAIR = (
    r"(?:(?:i think|i find|i feel|honestly|well|hm+|this|that|it|the result|my result|such a result) )*(?:this"
    r"|that|it|the result|my result)?(?: ?(?:is|was|feels|seems|sounds|looks))?(?: (?:so|very|really|totally"
    r"|a bit|quite|rather|pretty|just|all))*"
    r" ?(?:unfair|not fair|isnt fair|disappointing|depressing|sad|insulting|hurtful|discouraging|demotivating"
    r"|frustrating|annoying|upsetting|a shame|a pity|hurts|offensive|unjust|disheartening"
    r"|a disappointment)(?: (?:to me|for me|to hear|result|news))?",
    r"(?:i am|i feel|that makes me|this makes me|it makes me|now i am)(?: (?:so|very|really|a bit|quite|rather"
    r"|pretty|kind of))* (?:sad|disappointed|frustrated|upset|insulted|offended|hurt|discouraged|worried|angry"
    r"|annoyed|devalued|unhappy|let down)(?: (?:now|by (?:this|that|it|the result)|with (?:this|that|it"
    r"|the result)|about (?:this|that|it|the result)))?",
    r"i (?:do not|dont|did not|didnt) (?:like|love|want) (?:this|that|it|the result|my result|this result"
    r"|to be (?:that|this))",
    r"i (?:hoped|wished|wanted|expected) (?:for )?(?:something else|another (?:result|role|one)|more"
    r"|a better (?:result|one))",
)
_PAPERS = (
    r"(?:my |the |our )?(?:contract|badge|card|business card|offer|offer letter|job description|job title|title"
    r"|linkedin|signature|cv|profile|org chart|payslip)"
)
_SOMETHING = r"(?: (?!(?:wrong|right|fine|good|bad|missing|not|it|that|this|so|no|yes)\b)\w+){1,4}"
_CONTRACT = (
    rf"(?:but )?(?:in |on |at )?{_PAPERS}(?: \w+)? (?:says?|states?|reads?|is|shows?|it says|i am)(?: (?:that"
    rf"|i am|me|as|an?|the|still|only|just|actually))*{_SOMETHING}",
    r"(?:but )?(?:my |our |the )?(?:hr|employer|company|boss|manager|team|they|colleagues|everyone) (?:calls?"
    r"|names?|lists?|has|have|titles?) me(?: as)?"
    rf"(?: an?)?{_SOMETHING}",
    rf"(?:but )?i am (?:hired|employed|listed|called|titled|contracted) as(?: an?)?{_SOMETHING}",
)
_CHANGING = (
    r"(?:how|where) (?:can|do|could|would|may) i (?:change|edit|correct|fix|amend|redo|undo)"
    rf"(?: (?:an?|my|one|that|this|the|of|earlier|other|last|old|first|single))* {_ANSWERS}",
)
_SEEN = (
    r"(?:has|have|did) (?:my |the |our )?(?:boss|manager|lead|supervisor|director|head|he|she|they|any(?:one|body)"
    r"|some(?:one|body)) (?:already |even |ever |actually )?(?:read|seen|see|opened|open|looked at|look at)"
    r" (?:it|this|that|my result|the result|what i (?:have )?(?:shared|sent))(?: (?:yet|already))?",
)
_PART = (
    r"(?:(?:(?:can you|could you|can i|please|let me|i want to|i would like to) )*(?:show|see|open|give|view"
    r"|display|get|list)(?: me)? )?(?:the |my )*"
)
_PARTS = {
    "titles": (
        rf"{_PART}titles?(?: part| section)?",
        r"(?:what|which) titles? (?:fits?|suits?|match(?:es)?|would fit|go(?:es)? with (?:it|this|that)"
        r"|are (?:there for (?:it|this|that)|right|near(?:est)?)|belongs? to (?:it|this|that)|do i (?:have"
        r"|get))(?: (?:me|my work|this|that|it|best|my role|this role|the role|that role))*",
        r"what (?:is|are) (?:it|this|that|my role|this role|the role|such work) (?:usually |also )?(?:called"
        r"|named)(?: (?:elsewhere|outside|(?:in|at) other companies))*",
    ),
    "table": (
        rf"{_PART}(?:full|whole|entire|complete|rest of the|big|all of the|all the) (?:roles? )?(?:table|rows"
        r"|columns)",
        rf"{_PART}all rows",
    ),
    "skills": (
        rf"{_PART}skills(?: part| section| table)?",
        r"(?:what|which) skills (?:do i need|go with (?:it|this|that)|fit(?: (?:it|this|that))?|does (?:it|this"
        r"|that) (?:need|take))",
    ),
    "tracks": (rf"{_PART}(?:tracks? or titles?|tracks?|separate tracks or one title)",),
    "review": (
        rf"{_PART}how (?:(?:i am|im|am i|we are|it is|is it|its) (?:being )?graded)",
        rf"{_PART}(?:grading|review)(?: part| section)",
    ),
}
_WHILE = (
    r"(?:for )?(?:now|today|tonight|a (?:sec|second|moment|minute|min|bit|while|break|day)|one (?:sec|second"
    r"|moment|minute)|the moment|lunch|an hour|a few minutes|five minutes)"
)
_THEN = (
    r"(?:later(?: on)?|tomorrow|another (?:time|day)|next (?:week|time)|some other time|after lunch|tonight"
    r"|this afternoon|on monday|when i have time)"
)
_THIS = r"(?: (?:it|this|that|the rest|the quiz|the questions|them|here|everything))?"
_LEAVES = re.compile(
    rf"{_FIRST}(?:(?:can|could|may) (?:we|i|you) |(?:let me|lets|let us|i want to|i would like to|i will|we can"
    r"|i have to|i need to|id like to) )?"
    rf"(?:(?:stop|pause|break|halt|hold|wait|interrupt|rest|take a break){_THIS} {_WHILE}"
    r"|(?:leave|do|finish|continue|take|save|answer|complete|go on|resume|come back(?: to)?|keep|postpone"
    rf"|carry on){_THIS}(?: with (?:it|this))?(?: (?:for|till|until|to))? {_THEN})"
    r"(?: (?:please|ok|okay|thanks|thank you|bye))*"
    r"|(?:(?:ok|okay|sorry|well|so|oh|and|but|thanks|bye) )*i (?:really )?(?:need to|have to|must|gotta|got to"
    r"|should|will)(?: (?:now|just))? "
    r"(?:go|leave|run|head out|head off|log off|drop off|go offline)(?: (?:now|soon|home|to (?:a|my"
    r"|the) (?:meeting|call|lunch|bed)|for (?:now|today|lunch)))*"
    r"(?: (?:bye|thanks|sorry|see you|later|talk later|back later|cheers|goodbye|ciao|thank you|see ya|bye bye))*"
)
_ADVICE = re.compile(
    rf"{_FIRST}what (?:would|will|do|can) you (?:do|recommend|suggest|advise|propose)(?: (?:me|to do|i do"
    r"|that i do))?"
    r"(?: (?:in my (?:place|position|shoes|case|situation)|if you were me|as me|with (?:it|this|that|the result"
    rf"|such a result)|next|about (?:it|this|that)))*{_LAST}"
)
_OF_OPEN = {
    Topic.NO_RIGHT_ANSWER: _NO_RIGHT_ANSWER,
    Topic.VOLUNTARY: _VOLUNTARY,
    Topic.LEFT: _LEFT,
    Topic.COLLEAGUE: _COLLEAGUE,
}
_OF_RESULT = {
    Topic.TABLE: _TABLE, Topic.MARKS: _MARKS, Topic.ONE_CASE: _ONE_CASE, Topic.VALID: _VALID, Topic.PAY: _PAY,
    Topic.COLLEAGUE: _COLLEAGUE, Topic.GRADED: _GRADED, Topic.UNFAIR: _UNFAIR, Topic.CONTRACT: _CONTRACT,
    Topic.CHANGING: _CHANGING, Topic.SEEN: _SEEN,
}  # fmt: skip
_OF_FAQ = frozenset({Topic.PAY, Topic.GRADED, Topic.CONTRACT})  # where an answer of the FAQ says more


def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"{_FIRST}(?:{'|'.join(patterns)}){_LAST}")


_OPEN_PATTERNS = {topic: _compiled(patterns) for topic, patterns in _OF_OPEN.items()}
_RESULT_PATTERNS = {topic: _compiled(patterns) for topic, patterns in _OF_RESULT.items()}
_YES_OR_NO_PATTERN = re.compile("|".join(_YES_OR_NO))
_PART_PATTERNS = {part: _compiled(patterns) for part, patterns in _PARTS.items()}


def about_round(text: str, run: Run, *, answerable: bool) -> AboutRound | None:
    """Read a question or a remark about the quiz, while a question is open, or about its result; None if it is none.

    answerable: whether the FAQ has an answer to it.
    """
    if len(text) > LONGEST:
        return None
    topic = _of_open(smalltalk.plain(text), run) if run.asking else _of_result(text, run)
    return AboutRound(topic) if topic and not (answerable and topic in _OF_FAQ) else None


def leaves_now(text: str) -> bool:
    """Return whether a text says that somebody goes on later, or asks whether they may: "stop for a second"."""
    return len(text) <= LONGEST and _LEAVES.fullmatch(smalltalk.plain(text)) is not None


def asks_for_advice(text: str) -> bool:
    """Return whether a text asks what the bot would do in their place."""
    return len(text) <= LONGEST and _ADVICE.fullmatch(smalltalk.plain(text)) is not None


def shows_part(text: str, run: Run) -> ShowsPart | None:
    """Read the name of a part of the result, or the wish to see it; None before there is a result of one's own."""
    if run.asking or not run.shareable or len(text) > LONGEST:
        return None
    part = _first(_PART_PATTERNS, smalltalk.plain(text))
    return ShowsPart(part) if part else None


def _of_open(spelling: str, run: Run) -> Topic | None:
    question, offered = run.open_question, run.asking is not None and run.asking.guesses
    if isinstance(question, Opening) and not offered and _YES_OR_NO_PATTERN.fullmatch(spelling):
        return Topic.YES_OR_NO
    topic = _first(_OPEN_PATTERNS, spelling)
    return None if topic is Topic.COLLEAGUE and run.subject is not None else topic


def _of_result(text: str, run: Run) -> Topic | None:
    if run.recommendation is None or run.subject is not None:
        return None
    spelling = smalltalk.plain(text)
    topic = Topic.MARKS if _SIGN.fullmatch(text) else _first(_RESULT_PATTERNS, spelling)
    says_role = any(f" {smalltalk.plain(role.name)} " in f" {spelling} " for role in run.quiz.roles)
    return None if topic is Topic.CONTRACT and says_role else topic  # which is held against the result


def _first(patterns: Mapping[Name, re.Pattern[str]], spelling: str) -> Name | None:
    return next((name for name, pattern in patterns.items() if pattern.fullmatch(spelling)), None)
