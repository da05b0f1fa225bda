"""The steps of the screener: read and cover, score, rank. Whoever scores, code or a model, reads covered text alone."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.blueprints import Desk, Step, StepFailed
from apps.blueprints.cells import columns_in
from apps.blueprints.hr.screener.criteria import MOST_CRITERIA, BadCriterion, criteria_in
from apps.blueprints.hr.screener.experience import is_schooling
from apps.blueprints.hr.screener.impact import UNKNOWN, impact_of
from apps.blueprints.hr.screener.masking import Cover, words_of
from apps.blueprints.hr.screener.results import (
    Candidate,
    Criteria,
    Criterion,
    Impact,
    Judgement,
    Judgements,
    Line,
    Quote,
    Reading,
    Resume,
    Score,
    Scores,
    Screening,
    Unread,
)
from apps.blueprints.hr.screener.scoring import score_of, total_of
from apps.core.language import language_of
from apps.knowledge.types import Block

TOP_LINES, MOST_TOLD, MOST_POINTS, LEAST_MET = 8, 24_000, 4, Decimal("0.5")
FILE_COLUMN = {"file": ("file", "candidate", "resume", "résumé", "name", "datei", "bewerbung", "lebenslauf")}


def read(desk: Desk) -> Reading:
    """Read every résumé and cover whose it is; a file that cannot be read is told, and the others go on."""
    resumes, documents, unread = list[Resume](), dict[str, str](), list[Unread]()
    for file in desk.files("resumes"):
        name = desk.name_of(file)
        try:
            blocks = desk.read(file)
        except StepFailed as failed:
            unread.append(Unread(document=name, reason=str(failed)))
            continue
        label = _("Candidate %(n)d") % {"n": len(resumes) + 1}
        documents[label] = name
        resumes.append(_covered(label, name, blocks))
    if not resumes:
        raise StepFailed(_("None of the files could be read."))
    return Reading(resumes=resumes, documents=documents, unread=unread)


def _covered(label: str, name: str, blocks: Sequence[Block]) -> Resume:
    headings = list(dict.fromkeys(heading for block in blocks[:TOP_LINES] for heading in block.headings))
    top = "\n".join([*headings[:2], *(block.text for block in blocks[:TOP_LINES])])
    cover = Cover(f"{top}\n{words_of(name)}", language_of(top))
    lines = []
    for number, block in enumerate(blocks):
        fresh = [h for h in block.headings if number == 0 or h not in blocks[number - 1].headings]
        text = cover.text("\n".join([*fresh, block.text]))
        lines.append(Line(text=text, page=block.page, is_schooling=is_schooling(block.headings)))
    language = language_of("\n".join(line.text for line in lines))
    return Resume(label=label, language=language, lines=lines, covered=dict(cover.covered))


def weigh(desk: Desk) -> Criteria:
    """Read what is looked for."""
    try:
        criteria = criteria_in(desk.values["criteria"])
    except BadCriterion as bad:
        words = _("Line %(n)d of the criteria cannot be read: “%(line)s”. Write it like: Python and Django; 3; must")
        raise StepFailed(words % {"n": bad.number, "line": bad.line}) from bad
    if not 0 < len(criteria) <= MOST_CRITERIA:
        raise StepFailed(_("Write 1 to %(n)d criteria.") % {"n": MOST_CRITERIA})
    return Criteria(criteria=criteria)


def score(desk: Desk) -> Scores:
    """Score each résumé, by a model where one judges and shows it by a quote, otherwise by code."""
    criteria = desk.of(WEIGH).criteria
    scores = {}
    for number, resume in enumerate(desk.of(READ).resumes):
        asked = [each for each in criteria if not each.years]
        said = (
            desk.ask(f"{number}", "judge", Judgements, criteria=_listed(asked), resume=_told(resume)) if asked else None
        )
        by_id = {each.criterion: each for each in said.judgements} if said else {}
        scores[resume.label] = [_one(each, resume, by_id.get(each.id), desk) for each in criteria]
    return Scores(scores=scores)


def _listed(criteria: Sequence[Criterion]) -> str:
    return "\n".join(f"{each.id}: {each.text}" for each in criteria)


def _told(resume: Resume) -> str:
    return "\n\n".join(line.text for line in resume.lines)[:MOST_TOLD]


def _one(criterion: Criterion, resume: Resume, said: Judgement | None, desk: Desk) -> Score:
    """Return a model's score where its quote stands in the résumé, and it is none for nothing; code's otherwise."""
    line = _line_with(said.quote, resume) if said is not None else None
    if said is None or criterion.years or not 0 < said.points <= MOST_POINTS or line is None:
        return score_of(criterion, resume, desk.today)
    value = Decimal(said.points) / MOST_POINTS
    quote = Quote(text=" ".join(said.quote.split()), page=line.page)
    how = f"{said.points} / {MOST_POINTS}"
    return Score(criterion=criterion.id, value=value, how=how, by="model", quotes=[quote], why=said.why)


def _line_with(quote: str, resume: Resume) -> Line | None:
    wanted = " ".join(quote.split()).lower()
    found = (line for line in resume.lines if wanted in " ".join(line.text.split()).lower())
    return next(found, None) if wanted else None


def rank(desk: Desk) -> Screening:
    """Put the candidates in order, and look at who is invited by the groups that were given."""
    reading, criteria, scores = desk.of(READ), desk.of(WEIGH).criteria, desk.of(SCORE).scores
    places = int(Decimal(desk.values.get("places") or "0"))
    rows = [_candidate(resume.label, criteria, scores[resume.label]) for resume in reading.resumes]
    ordered = sorted(rows, key=lambda each: (bool(each.misses), -each.total.value))
    first_at: dict[tuple[bool, Decimal], int] = {}
    candidates = []
    for number, each in enumerate(ordered, 1):
        place = first_at.setdefault((bool(each.misses), each.total.value), number)
        candidates.append(each.model_copy(update={"rank": place, "is_invited": number <= places and not each.misses}))
    invited = [each.label for each in candidates if each.is_invited]
    return Screening(
        places=places,
        criteria=criteria,
        candidates=candidates,
        impacts=_impacts(desk, reading.documents, invited) if places else [],
        documents=reading.documents,
        covered={resume.label: resume.covered for resume in reading.resumes},
        unread=reading.unread,
    )


def _candidate(label: str, criteria: Sequence[Criterion], scores: Sequence[Score]) -> Candidate:
    misses = [
        each.id
        for each, score in zip(criteria, scores, strict=True)
        if each.is_must and score.value < (1 if each.years else LEAST_MET)
    ]
    total = total_of(criteria, scores)
    return Candidate(label=label, rank=0, total=total, misses=misses, is_invited=False, scores=list(scores))


def _impacts(desk: Desk, documents: Mapping[str, str], invited: Sequence[str]) -> list[Impact]:
    """Return the figures for each column of the table of groups, which names candidates by their files. Raises StepFailed for one without."""
    if not desk.values.get("groups"):
        return []
    head, *rows = desk.sheets("groups")[0].rows
    column = columns_in(head, FILE_COLUMN).get("file")
    if column is None:
        raise StepFailed(_("The table of groups has no column “file”, which names each candidate's résumé."))
    by_file = {row[column].strip().casefold(): row for row in rows if len(row) > column}
    found = []
    for at, attribute in enumerate(head):
        if at == column or not attribute.strip():
            continue
        rows_of = {label: by_file.get(name.casefold(), ()) for label, name in documents.items()}
        groups = {label: (row[at].strip() if len(row) > at else "") or UNKNOWN for label, row in rows_of.items()}
        found.append(impact_of(attribute.strip(), groups, invited))
    return found


READ = Step("read", gettext_lazy("Read the résumés and cover whose they are"), Reading, read)
WEIGH = Step("weigh", gettext_lazy("Read the criteria"), Criteria, weigh)
SCORE = Step("score", gettext_lazy("Score each of them"), Scores, score)
RANK = Step("rank", gettext_lazy("Put them in order"), Screening, rank)
