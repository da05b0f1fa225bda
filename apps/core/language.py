"""Words, terms, sentences and the language of a text, for search and quoting. Pure Python, no framework."""

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_CJK_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\W_a-z])|(?<=[。！？؟])\s*|\n{2,}")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|nr|art|sec|fig|dr|mr|mrs|ms|prof|st|inc|ltd|co|jr|sr|z\.B|d\.h|bzw|ca)"
    r"|\b[A-Z])\.$",
    re.IGNORECASE,
)
_SUFFIXES = (
    "ingly",
    "edly",
    "ments",
    "ment",
    "ings",
    "ungen",
    "ung",
    "ing",
    "ies",
    "ied",
    "ers",
    "er",
    "ed",
    "es",
    "en",
    "ly",
    "s",
    "e",
)
MIN_STEM = 3

STOP_WORDS = {
    "en": frozenset(
        [
            "a",
            "about",
            "above",
            "after",
            "again",
            "against",
            "all",
            "am",
            "an",
            "and",
            "any",
            "are",
            "as",
            "at",
            "be",
            "because",
            "been",
            "before",
            "being",
            "below",
            "between",
            "both",
            "but",
            "by",
            "can",
            "could",
            "did",
            "do",
            "does",
            "doing",
            "down",
            "during",
            "each",
            "few",
            "for",
            "from",
            "further",
            "had",
            "has",
            "have",
            "having",
            "he",
            "her",
            "here",
            "hers",
            "him",
            "his",
            "how",
            "i",
            "if",
            "in",
            "into",
            "is",
            "it",
            "its",
            "itself",
            "just",
            "me",
            "more",
            "most",
            "my",
            "no",
            "nor",
            "not",
            "now",
            "of",
            "off",
            "on",
            "once",
            "only",
            "or",
            "other",
            "our",
            "ours",
            "out",
            "over",
            "own",
            "same",
            "she",
            "should",
            "so",
            "some",
            "such",
            "than",
            "that",
            "the",
            "their",
            "theirs",
            "them",
            "then",
            "there",
            "these",
            "they",
            "this",
            "those",
            "through",
            "to",
            "too",
            "under",
            "until",
            "up",
            "very",
            "was",
            "we",
            "were",
            "what",
            "when",
            "where",
            "which",
            "while",
            "who",
            "whom",
            "why",
            "will",
            "with",
            "would",
            "you",
            "your",
            "yours",
            "many",
            "much",
            "name",
            "named",
            "called",
        ]
    ),
    "de": frozenset(
        [
            "aber",
            "alle",
            "als",
            "also",
            "am",
            "an",
            "auch",
            "auf",
            "aus",
            "bei",
            "bin",
            "bis",
            "bist",
            "da",
            "dann",
            "das",
            "dass",
            "dem",
            "den",
            "der",
            "des",
            "die",
            "dies",
            "diese",
            "doch",
            "du",
            "durch",
            "ein",
            "eine",
            "einem",
            "einen",
            "einer",
            "er",
            "es",
            "für",
            "hat",
            "haben",
            "hatte",
            "ich",
            "ihr",
            "ihre",
            "im",
            "in",
            "ist",
            "ja",
            "kann",
            "kein",
            "keine",
            "mein",
            "mit",
            "muss",
            "nach",
            "nicht",
            "noch",
            "nur",
            "ob",
            "oder",
            "ohne",
            "sich",
            "sie",
            "sind",
            "so",
            "über",
            "um",
            "und",
            "uns",
            "unser",
            "unter",
            "viel",
            "viele",
            "von",
            "vor",
            "war",
            "was",
            "welche",
            "welcher",
            "wenn",
            "wer",
            "werden",
            "wie",
            "wieviel",
            "wird",
            "wo",
            "wurde",
            "zu",
            "zum",
            "zur",
        ]
    ),
    "es": frozenset(
        [
            "a",
            "al",
            "como",
            "con",
            "cual",
            "cuando",
            "de",
            "del",
            "donde",
            "el",
            "ella",
            "en",
            "es",
            "esta",
            "este",
            "fue",
            "ha",
            "hay",
            "la",
            "las",
            "lo",
            "los",
            "más",
            "no",
            "o",
            "para",
            "pero",
            "por",
            "que",
            "qué",
            "quién",
            "se",
            "ser",
            "si",
            "sin",
            "sobre",
            "su",
            "sus",
            "un",
            "una",
            "y",
            "cuándo",
            "cuál",
            "cuántos",
            "dónde",
            "cómo",
        ]
    ),
    "fr": frozenset(
        [
            "au",
            "aux",
            "avec",
            "ce",
            "cette",
            "dans",
            "de",
            "des",
            "du",
            "elle",
            "en",
            "est",
            "et",
            "il",
            "la",
            "le",
            "les",
            "leur",
            "mais",
            "ne",
            "nous",
            "ou",
            "où",
            "par",
            "pas",
            "pour",
            "que",
            "qui",
            "quoi",
            "sa",
            "se",
            "ses",
            "son",
            "sur",
            "un",
            "une",
            "vous",
            "quand",
            "comment",
            "combien",
            "quel",
            "quelle",
        ]
    ),
    "sv": frozenset(
        [
            "att",
            "av",
            "de",
            "den",
            "det",
            "du",
            "där",
            "en",
            "ett",
            "finns",
            "från",
            "för",
            "han",
            "har",
            "hon",
            "hur",
            "i",
            "inte",
            "jag",
            "kan",
            "man",
            "med",
            "många",
            "men",
            "mycket",
            "när",
            "och",
            "om",
            "på",
            "som",
            "så",
            "till",
            "vad",
            "var",
            "vem",
            "vi",
            "vilka",
            "vilken",
            "är",
        ]
    ),
}
_ALL_STOP_WORDS = frozenset[str]().union(*STOP_WORDS.values()) - {"am", "war", "die", "man", "her", "son", "no", "fin"}


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Cut one common ending of English and German, leaving at least three letters."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= MIN_STEM:
            return word[: -len(suffix)]
    return word


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case; runs of CJK as overlapping pairs."""
    found: list[str] = []
    for match in _WORD.finditer(text.casefold()):
        word = match[0]
        if _CJK.search(word):
            found += _bigrams(word)
        else:
            found.append(word)
    return found


def _bigrams(run: str) -> list[str]:
    pairs: list[str] = []
    for part in _CJK_RUN.findall(run):
        pairs += [part] if len(part) == 1 else [part[i : i + 2] for i in range(len(part) - 1)]
    return pairs


def terms(text: str) -> list[str]:
    """Return what a text is indexed and searched by: stems of its words without the most common ones."""
    return [stem(word)[:64] for word in words(text) if word not in _ALL_STOP_WORDS]


def sentences(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence; abbreviations and single initials do not end one."""
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in _SENTENCE_END.finditer(text):
        if gap[0].count("\n") < 2 and _ABBREVIATION.search(text[max(0, gap.start() - 8) : gap.start()]):
            continue
        spans.append((start, gap.start()))
        start = gap.end()
    spans.append((start, len(text)))
    return [span for span in (_trimmed(text, *span) for span in spans) if span[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def is_english(text: str) -> bool:
    """Guess whether a text is English: Latin letters, and no other language's small words in the lead."""
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isascii() for c in letters) < 0.9 * len(letters):
        return False
    seen = words(text)
    counts = {language: sum(word in stops for word in seen) for language, stops in STOP_WORDS.items()}
    return counts["en"] >= max(counts.values())


def one_line(words: str, most: int) -> str:
    """Return words without NUL and line breaks, cut to a length in characters."""
    return " ".join(words.replace("\0", "").split())[:most]


def token_estimate(text: str) -> int:
    """Estimate a model's tokens: 1.3 a word, one a CJK letter or a mark (within a fifth on English prose)."""
    marks = len(re.findall(r"[^\w\s]", text))
    cjk = len(_CJK.findall(text))
    found = re.findall(r"\w+", text)
    letters = sum(map(len, found))
    return round(max(1.3 * len(found), letters / 6) + marks * 0.9 + cjk * 0.8)
