"""Names of people, by what comes before them: a title, words that introduce somebody, a common first name.

No language model reads along: a name that nothing introduces, or whose first name is not common here, is not found.
"""

from __future__ import annotations

import re
from typing import Final

_TITLES: Final = (
    "(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Sir|Dame|Herr|Frau|Monsieur|Madame|Mme|Señor|Señora|Signor|Signora)"
)
_INTRODUCTIONS: Final = (
    "(?:[Mm]y name is|[Mm]y name's|(?:[Ff]ull|[Ff]irst|[Ll]ast) [Nn]ame(?: is|:)|[Ss]igned(?: by|,|:))"
)
_NAME: Final = "[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’\\-]*[A-Za-zà-öø-ÿ]*"
_INITIAL: Final = "(?: [A-Z]\\.)?"
_FIRST: Final = (
    "Aaron|Adam|Adrian|Aisha|Alan|Albert|Alejandro|Alex|Alexander|Alexandra|Alice|Amanda|Amy|Ana|Andrea|Andreas|Andrew"
    "|Angela|Anita|Ann|Anna|Anne|Anthony|Antonio|Arthur|Ashley|Barbara|Ben|Benjamin|Betty|Brandon|Brenda|Brian|Bruce"
    "|Carl|Carlos|Carmen|Carol|Caroline|Catherine|Charles|Charlotte|Chris|Christian|Christina|Christine|Christopher|Claire"
    "|Claudia|Cynthia|Daniel|Daniela|David|Deborah|Dennis|Diana|Diane|Diego|Donald|Donna|Dorothy|Douglas|Edward|Elena"
    "|Elizabeth|Emily|Emma|Eric|Erik|Eva|Evelyn|Fatima|Felix|Fernando|Florian|Frances|Francesco|Francisco|Frank|Gary"
    "|George|Gerald|Giovanni|Giulia|Gloria|Gregory|Hannah|Hans|Harold|Heather|Helen|Henry|Ian|Ibrahim|Isabel|Isabella"
    "|Ivan|Jack|Jacob|Jacqueline|James|Jan|Jane|Janet|Jason|Javier|Jean|Jeffrey|Jennifer|Jeremy|Jessica|Joan|Johannes"
    "|John|Jonathan|Jorge|Jose|José|Joseph|Joshua|Juan|Judith|Judy|Julia|Julie|Justin|Karen|Karl|Katharina|Katherine"
    "|Kathleen|Keith|Kelly|Kenneth|Kevin|Kimberly|Klaus|Larry|Laura|Lauren|Lawrence|Leonard|Linda|Lisa|Lucas|Lucia|Luis"
    "|Luca|Lukas|Margaret|Maria|María|Marie|Marco|Marcus|Mario|Mark|Markus|Martha|Martin|Mary|Matthew|Megan|Melissa"
    "|Michael|Michelle|Miguel|Mohamed|Mohammed|Monica|Nancy|Natalie|Nathan|Nicholas|Nicole|Nina|Noah|Oliver|Olivia"
    "|Oscar|Pablo|Pamela|Patricia|Patrick|Paul|Paula|Pedro|Peter|Philip|Pierre|Rachel|Ralph|Raymond|Rebecca|Ricardo"
    "|Richard|Robert|Roberto|Roger|Ronald|Rose|Roy|Russell|Ruth|Ryan|Samantha|Samuel|Sandra|Sara|Sarah|Scott|Sean"
    "|Sebastian|Sergio|Sharon|Shirley|Simon|Sofia|Sophia|Sophie|Stefan|Stephanie|Stephen|Steve|Steven|Susan|Susanne"
    "|Teresa|Theresa|Thomas|Timothy|Tobias|Tyler|Ursula|Vanessa|Victor|Victoria|Vincent|Walter|Wayne|Wendy|William|Wolfgang"
)

PATTERNS: Final = (
    rf"\b{_TITLES}\.? {_NAME}(?:{_INITIAL} {_NAME}){{0,2}}",
    rf"\b{_INTRODUCTIONS} {_NAME}(?:{_INITIAL} {_NAME}){{0,2}}",
    rf"\b(?:{_FIRST}){_INITIAL} {_NAME}(?:[\-]{_NAME})?",
)

_INTRODUCED: Final = re.compile(f"{_INTRODUCTIONS} ")


def only(text: bytes, start: int, stop: int) -> tuple[int, int] | None:
    """Take the name without the words that introduce it."""
    introduction = _INTRODUCED.match(text[start:stop].decode())
    return start + (len(introduction[0]) if introduction else 0), stop
