"""What a model writes is safe, and rendering while it arrives ends as rendering the whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.markdown import BlockRenderer, render, render_blocks
from apps.core.reports import line_of, quoted

PIECES = st.sampled_from(
    [
        "word ",
        "**bold** ",
        "*",
        "#",
        "# Head\n",
        "\n",
        "\n\n",
        "- item\n",
        "1. one\n",
        "> quote\n",
        "```py\nx = 1\n",
        "```\n",
        "| a | b |\n",
        "| --- | --- |\n",
        "***",
        "---\n",
        "[1] ",
        "<b>",
        "`code` ",
        "===\n",
        "    deep\n",
        "[1]: http://x\n",
    ]
)


@given(st.lists(PIECES, max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_blocks_do_not_depend_on_where_the_text_was_cut(pieces, random):
    text = "".join(pieces)
    live = BlockRenderer(sources=3)
    place = 0
    while place < len(text):
        step = random.randint(1, 7)
        live.feed(text[place : place + step])
        place += step
    live.finish()
    assert live.blocks == render_blocks(text, sources=3)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/p.png)",
        "<a href='https://evil.example' onclick=alert(1)>x</a>",
        "[x](data:text/html,<script>1</script>)",
        "<svg/onload=alert(1)>",
        "<iframe src=//evil.example></iframe>",
        "[a](vbscript:x)",
        "<button data-copy>x</button>",
        '<div class="approval">x</div>',
    ],
)
def test_hostile_markdown_stays_text(hostile):
    html = render(hostile, sources=9)
    for forbidden in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<button",
        "<div",
        'href="javascript',
        'href="data',
        'href="vbscript',
    ):
        assert forbidden not in html


def test_links_are_kept_apart_from_us():
    assert render("[x](https://a.example)") == (
        '<p><a href="https://a.example" rel="noopener noreferrer nofollow">x</a></p>\n'
    )


def test_links_within_a_text_lead_to_its_headings_where_it_is_alone():
    text = "See [12](#größe-der-räume), [13](#nowhere).\n\n# Größe der Räume!\n\n### Größe der Räume\n\n###### Low"
    alone = "".join(render_blocks(text, is_alone=True))
    assert 'href="#at-gr%C3%B6%C3%9Fe-der-r%C3%A4ume"' in alone and '<h2 id="at-größe-der-räume">' in alone
    assert alone.count('id="at-') == 2 and "<h3>" in alone and '<h4 id="at-low">' in alone
    together = "".join(render_blocks(text))
    assert "href" not in together and "id=" not in together and ">12</a>" in together


def test_citation_becomes_a_link_only_for_a_known_source():
    html = render("Yes [1], no [7], `not [1]`.", sources=2)
    assert html.count('class="cite"') == 1
    assert "[7]" in html


def test_code_has_a_copy_button_of_ours():
    html = render("```python\nx = 1\n```")
    assert html.count("data-copy") == 1
    assert '<span class="mi">1</span>' in html


@pytest.mark.parametrize(
    "text",
    [
        "# no title",
        "1. no list",
        "12) no list",
        "- none",
        "+ none",
        "> one deep",
        "=== x",
        "a *b* _c_ [d](e) <f> `g` | h ~~i~~",
    ],
)
def test_a_quotation_says_what_was_written(text):
    shown = render(quoted(text))
    assert shown.count("<") == 4 and text.replace("<f>", "&lt;f&gt;").replace("> ", "&gt; ") in shown
    assert render(f"x {line_of(text)}").count("<") == 2
