"""What kind of thing a requirement is about, by its words, in English and German; and the goals that it sets in figures."""

import re

_AREAS: tuple[tuple[str, str], ...] = (
    (
        "security",
        r"encrypt\w*|authenticat\w*|authoris\w*|authoriz\w*|sign[- ]?in|single sign|password\w*|access rights?|roles?|audit\w*|penetration|vulnerab\w*|gdpr|personal data|verschlüssel\w*|anmeld\w*|berechtig\w*|rollen|datenschutz\w*|dsgvo|personenbezogen\w*",
    ),
    (
        "integration",
        r"interfaces?|integrat\w*|api|import\w*|export\w*|connect\w*|exchange\w*|opc|sap|saml|openid|schnittstelle\w*|anbind\w*|austausch\w*",
    ),
    (
        "data",
        r"migrat\w*|data(?! cent)(?:base| model| set|sets)?|history|archiv\w*|retention|daten\w*|historie|aufbewahr\w*",
    ),
    (
        "operation",
        r"hosting|data cent(?:re|er)|cloud|on[- ]premises?|backups?|restor\w*|monitor\w*|availab\w*|uptime|disaster|recovery|rechenzentrum|betrieb\w*|verfügbar\w*|sicherung\w*|wiederherstell\w*",
    ),
    (
        "performance",
        r"performance|response times?|within \d+ (?:seconds?|milliseconds?)|concurrent|users at once|throughput|scal\w*|antwortzeit\w*|gleichzeitig\w*|leistung\w*",
    ),
    (
        "use",
        r"usab\w*|accessib\w*|wcag|bitv|languages?|tablet|mobile|offline|browser|screen|bedien\w*|barrierefrei\w*|sprachen?|mobil\w*",
    ),
    (
        "service",
        r"support\w*|training|train\w*|helpdesk|hotline|service levels?|documentation|maintenance contract|schulung\w*|dokumentation|wartungsvertrag|betreuung",
    ),
)
_KNOWN = [(area, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for area, words in _AREAS]
FUNCTIONS = "functions"
AREAS = (FUNCTIONS, *(area for area, _words in _AREAS))
_GOAL = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:%|per ?cent|prozent|ms|milliseconds?|seconds?|sekunden?|minutes?|minuten?|hours?|stunden?|days?|tagen?|users?|nutzer\w*|gb|tb|years?|jahren?)(?!\w)"
    r"|\b\d{1,2}[:.]\d{2}\s*(?:to|until|and|bis|–|-)\s*\d{1,2}[:.]\d{2}\b|\bonce a \w+|\btwice a \w+",
    re.IGNORECASE,
)


def area_of(text: str) -> str:
    """Return the area whose words stand most often in a requirement, the first of equals; `functions` for none."""
    counts = [(len(pattern.findall(text)), area) for area, pattern in _KNOWN]
    best = max(count for count, _area in counts)
    return next(area for count, area in counts if count == best) if best else FUNCTIONS


def goals_in(text: str) -> list[str]:
    """Return the figures with their units that a requirement names, as they stand there."""
    return list(dict.fromkeys(match[0] for match in _GOAL.finditer(text)))
