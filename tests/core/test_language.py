"""Sentences, terms and the guess of a language."""

import pytest

from apps.core.language import is_english, language_of, sentences, terms, token_estimate


def cut(text):
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_end_at_marks_and_not_at_abbreviations():
    assert cut("See e.g. Section 3. Dr. Smith agrees! Does he? Yes.") == [
        "See e.g. Section 3.",
        "Dr. Smith agrees!",
        "Does he?",
        "Yes.",
    ]


def test_sentences_of_other_scripts():
    assert cut("今天很好。明天呢？") == ["今天很好。", "明天呢？"]


def test_terms_are_stems_without_small_words():
    assert terms("How many days of annual leaves do I get?") == ["day", "annual", "leav", "get"]


def test_terms_of_chinese_are_pairs():
    assert terms("工作时间") == ["工作", "作时", "时间"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many days of leave do I get?", True),
        ("Wie viele Urlaubstage habe ich im Jahr?", False),
        ("¿Cuántos días de vacaciones tengo?", False),
        ("كم يوم إجازة", False),
        ("RF-2 relay settings", True),
        ("", False),
    ],
)
def test_is_english(text, expected):
    assert is_english(text) is expected


def test_token_estimate_grows_with_text():
    assert 8 <= token_estimate("one two three four five six seven") <= 12


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Staff receive 28 days of paid annual leave.", "en"),
        ("Alle Beschäftigten erhalten 28 Tage bezahlten Urlaub.", "de"),
        ("Los empleados reciben 28 días de vacaciones pagadas.", "es"),
        ("Сотрудники получают 28 дней оплачиваемого отпуска.", "ru"),
        ("يحصل الموظفون على 28 يوما من الإجازة السنوية المدفوعة", "ar"),
        ("所有员工每年享有二十八天带薪年假，申请须提前两周提交给主管。", "zh"),
        ("Urlaub", ""),
        ("4711 0815 2026 1,200.00 3,400.00", ""),
        ("", ""),
    ],
)
def test_language_of_a_text(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("ru", "отпуск отпуска отпуску отпусков"),
        ("es", "empleado empleados empleada"),
        ("fr", "congé congés"),
        ("en", "leave leaves"),
        ("", "leave leaves"),
        ("xx", "leave leaves"),
    ],
)
def test_forms_of_a_word_have_one_stem(language, forms):
    assert len(set(terms(forms, language))) == 1
