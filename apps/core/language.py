"""Words, terms, sentences and the language of a text, for search and quoting. No framework.

Languages are told apart by py3langid, stems of most are Snowball's (ADR 0038); a language is its ISO 639-1 code, "" where it is not known.
"""

import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import Stemmer

from apps.core.stop_words import STOP_WORDS

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

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
SNOWBALL = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "el": "greek",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""Languages with stems of their own. English and German are not among them: the light stems find as much there."""
LEAST_LETTERS, SURE, MOST_READ = 24, 0.5, 20_000
_own = threading.local()

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


def terms(text: str, language: str = "") -> list[str]:
    """Return what a text is indexed and searched by: stems of its words without the most common ones, as its language makes them."""
    kept = [word for word in words(text) if word not in _ALL_STOP_WORDS]
    stems = _snowball(language).stemWords(kept) if language in SNOWBALL else map(stem, kept)
    return [found[:64] for found in stems]


def _snowball(language: str) -> Stemmer.Stemmer:
    """Return this thread's stemmer: they keep what they met, and bear one thread each."""
    known: dict[str, Stemmer.Stemmer] = _own.__dict__.setdefault("stemmers", {})
    if language not in known:
        known[language] = Stemmer.Stemmer(SNOWBALL[language])
    return known[language]


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # the model takes half a second and 75 MB

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str:
    """Return a text's language, read off its first 20,000 characters; "" where it is too short to tell, or no language."""
    text = text[:MOST_READ]
    if sum(c.isalpha() for c in text) < LEAST_LETTERS:
        return ""
    language, confidence = _identifier().classify(text)
    return str(language) if confidence >= SURE and len(language) == 2 else ""


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
