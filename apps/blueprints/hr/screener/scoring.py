"""How far a résumé meets a criterion, as code sees it: years are computed, words are looked for, and each has what shows it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from apps.blueprints.figures import Figure
from apps.blueprints.hr.screener.experience import Period, months_of, periods_in
from apps.blueprints.hr.screener.masking import PROTECTED
from apps.blueprints.hr.screener.results import Criterion, Line, Quote, Resume, Score
from apps.core.language import sentences, terms

MOST_QUOTES, QUOTE_CHARS = 3, 300
HUNDREDTH = Decimal("0.01")
_OF_EVERY_LIST = (
    "experience experienced knowledge skills skill degree years year level good very working proficient fluent strong"
    " Erfahrung Kenntnisse Jahre gute sehr sicher Niveau Umgang"
)


def score_of(criterion: Criterion, resume: Resume, today: date) -> Score:
    """Score one criterion."""
    return _years(criterion, resume, today) if criterion.years else _words(criterion, resume)


def _years(criterion: Criterion, resume: Resume, today: date) -> Score:
    periods = [
        (period, line)
        for line in resume.lines
        if not line.is_schooling
        for piece in line.text.splitlines()
        if not _is_covered(piece)
        for period in periods_in(piece, today)
    ]
    months = months_of(period for period, _line in periods)
    value = min(Decimal(1), Decimal(months) / (12 * criterion.years)).quantize(HUNDREDTH)
    how = f"min(1, {months} / (12 × {criterion.years}))"
    quotes = [_quote(line, period) for period, line in sorted(periods, key=lambda each: -each[0].end)]
    return Score(criterion=criterion.id, value=value, how=how, by="years", quotes=quotes[:MOST_QUOTES], why="")


def _is_covered(piece: str) -> bool:
    """Say whether a line names nothing but what is covered: a period of that is no work, and nothing against anybody."""
    rest = piece.rpartition(":")[2].strip(" .-–*")
    return rest == PROTECTED


def _quote(line: Line, period: Period) -> Quote:
    at = line.text.find(period.text)
    start = line.text.rfind("\n", 0, at) + 1
    end = line.text.find("\n", at)
    text = line.text[start : end if end >= 0 else None]
    return Quote(text=" ".join(text.split())[:QUOTE_CHARS], page=line.page)


def _words(criterion: Criterion, resume: Resume) -> Score:
    """Look for each word of a criterion; the sentences that show them are chosen so that each shows most that no earlier one did."""
    wanted = asked_words(criterion.text, resume.language)
    left, quotes = set(wanted), list[Quote]()
    spans = [(line, start, end) for line in resume.lines for start, end in _pieces(line.text)]
    shown = [(set(terms(line.text[start:end], resume.language)) & left, line, start, end) for line, start, end in spans]
    while left and len(quotes) < MOST_QUOTES:
        best = max(shown, key=lambda each: len(each[0] & left), default=None)
        if best is None or not best[0] & left:
            break
        left -= best[0]
        quotes.append(Quote(text=" ".join(best[1].text[best[2] : best[3]].split())[:QUOTE_CHARS], page=best[1].page))
    found = len(wanted) - len(left)
    value = (Decimal(found) / max(1, len(wanted))).quantize(HUNDREDTH)
    return Score(criterion=criterion.id, value=value, how=f"{found} / {len(wanted)}", by="words", quotes=quotes, why="")


def asked_words(text: str, language: str) -> set[str]:
    """Return the stems of a criterion's words; those of every list of criteria do not count, unless there are no others."""
    asked = set(terms(text, language))
    return asked - set(terms(_OF_EVERY_LIST, language)) or asked


def _pieces(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a paragraph, lines of lists one by one."""
    found, start = [], 0
    for line in text.splitlines(keepends=True):
        found += [(start + a, start + b) for a, b in sentences(line)]
        start += len(line)
    return found


def total_of(criteria: Sequence[Criterion], scores: Sequence[Score]) -> Figure:
    """Return the weighted mean of the scores, out of 100, with its formula."""
    weights = sum(each.weight for each in criteria)
    summed = sum((each.weight * score.value for each, score in zip(criteria, scores, strict=True)), Decimal(0))
    terms_ = " + ".join(f"{each.weight} × {score.value}" for each, score in zip(criteria, scores, strict=True))
    how = f"100 × ({terms_}) / ({' + '.join(str(each.weight) for each in criteria)})"
    return Figure(value=(100 * summed / weights).quantize(Decimal("0.1")), how=how)
