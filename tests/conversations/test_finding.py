"""Words found in conversations, in any script, with the place where they stand."""

import pytest
from django.db import connection

from apps.conversations.finding import messages_with, snippets
from apps.conversations.models import Conversation, Message
from tests.conftest import api_for, client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(in_acme, agent, member):
    def made(*texts, title="Talk", owner=member):
        row = Conversation.objects.create(owner=owner, agent=agent, title=title)
        for position, text in enumerate(texts):
            role = Message.Role.ASSISTANT if position % 2 else Message.Role.USER
            Message.objects.create(conversation=row, position=position, role=role, text=text)
        return row

    return made


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("gearbox", "The gearbox is loud."),
        ("GEAR lou", "The gearbox is loud."),
        ("28.5", "It weighs 28.5 kg."),
        ("e-mail", "Write an e-mail to Ada."),
        ("acme.example", "Write to ada@acme.example, see acme.example."),
        ("grün", "Die grünen Hefte."),
        ("работ", "Мы работаем в субботу."),
        ("年假", "每年有二十八天的年假。"),
        ("วันลา", "มีวันลา ๒๘ วัน"),
        ("it's", "Say that it's late."),
        ("C:\\x", "Look at C:\\x now"),
    ],
)
def test_words_are_found(talk, words, text):
    row = talk(text), talk("Something else altogether.")
    assert list(Conversation.objects.matching(words)) == [row[0]]
    assert list(messages_with(Conversation.objects.all(), words).values_list("text", flat=True)) == [text]


def test_title_and_messages_together_and_odd_words(talk):
    row = talk("The gearbox is loud.", title="Workshop")
    assert list(Conversation.objects.matching("workshop gearbox")) == [row]
    assert not Conversation.objects.matching("workshop brake").exists()
    for odd in ("'", "':*", "& |", "!!", "\\", "a & !b", "((", "x" * 3_000, "<->", "\x01"):
        list(Conversation.objects.matching(odd)), list(messages_with(Conversation.objects.all(), odd))


def test_place_is_marked_and_nothing_in_it_is_html(talk):
    row = talk("word " * 60 + "the gearbox & co > all " + "word " * 60)
    (place,) = snippets([row], "gear").values()
    assert "<mark>gearbox</mark> &amp; co &gt; all" in place and len(place) < 400
    (place,) = snippets([talk("<i>每年有二十八天的年假</i>")], "年假").values()
    assert "年假" in place and "<i>" not in place
    assert snippets([row], "") == {} and snippets([row], "absent") == {}


def test_place_is_of_the_words_that_a_message_has(talk):
    row = talk("filler " * 40 + "The gearbox is loud.", title="Workshop")
    (place,) = snippets([row], "workshop gearbox").values()
    assert "<mark>gearbox</mark>" in place
    (message,) = messages_with(Conversation.objects.all(), "gear loud")
    assert "gearbox" in message.around and not messages_with(Conversation.objects.all(), "gear quiet").exists()


def test_index_is_used(talk):
    row = talk("The gearbox is loud.")
    Message.objects.bulk_create(
        Message(conversation=row, position=n, role="user", text=f"Filler {n} of many words") for n in range(10, 3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_message")
        query, parameters = Message.objects.containing("gearbox").query.sql_with_params()
        cursor.execute(f"EXPLAIN {query}", parameters)
        plan = "\n".join(line[0] for line in cursor.fetchall())
    assert "message_words" in plan, plan


def test_list_shows_where_the_words_are(talk, acme, member):
    talk("The gearbox is loud.", title="Noise")
    page = client_for(acme, member).get("/chat/?q=gearb").content.decode()
    assert "<mark>gearbox</mark> is loud" in page and "Noise" in page


def test_over_the_api(talk, acme, member, admin_user):
    row, other = talk("The gearbox is loud.", title="Noise"), talk("Another gearbox.", owner=admin_user)
    api = api_for(acme, member)
    found = api.get("/api/v1/conversations/search?q=gearbox").json()["results"]
    assert [(each["conversation"], each["title"], each["snippet"]) for each in found] == [
        (str(row.pk), "Noise", "The gearbox is loud.")
    ]
    assert api.get("/api/v1/conversations/search").status_code == 422
    assert api.get("/api/v1/conversations/?q=gearbox").json()["results"][0]["id"] == str(row.pk)
    where = f"/api/v1/conversations/{row.pk}"
    assert api.delete(where).status_code == 204
    assert api.get("/api/v1/conversations/?q=gearbox").json()["results"] == []
    assert len(api.get("/api/v1/conversations/?archived=true").json()["results"]) == 1
    assert api.patch(where, {"is_archived": False}, format="json").json()["archived_at"] is None
    assert len(api.get("/api/v1/conversations/search?q=gearbox").json()["results"]) == 1
    assert api.get(f"/api/v1/conversations/{other.pk}/export.md").status_code == 404
