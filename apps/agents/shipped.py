"""The personalities and sets of rules that every organisation has; kept up to date in each schema after migrations.

Names, descriptions and what is said to people are shown in the reader's language; what the model reads stays as it is here.
"""

from typing import Any

from apps.agents.models import Personality, Rule, RuleSet
from apps.core.tenancy import has_tenant


def gettext_noop(words: str) -> str:
    """Mark words for the catalogues."""
    return words


PERSONALITIES: dict[str, dict[str, Any]] = {
    "analytical": {
        "name": gettext_noop("Analytical"),
        "traits": ["precise", "methodical", "sceptical"],
        "tone": "sober and factual",
        "approach": (
            "Say first what is known and what is not. Go step by step, name each assumption, and give figures with their"
            " source. Weigh what speaks for and against before you conclude, and say how sure you are."
        ),
    },
    "creative": {
        "name": gettext_noop("Creative"),
        "traits": ["imaginative", "curious", "open"],
        "tone": "lively and warm",
        "approach": (
            "Offer several ideas that differ in kind, not only in wording. Use an image or an example where it helps. Say"
            " which idea you would follow and why. Never invent facts: ideas are yours, facts come from the sources."
        ),
    },
}

_ADVICE = [
    *("invest*", "stock*", "share price*", "fund", "funds", "bond", "bonds", "portfolio*", "pension*", "mortgage*"),
    *("Aktie*", "Anleihe*", "Fonds", "Geldanlage*", "anlegen", "Rente*", "Hypothek*", "Depot"),
]
_RISK = [
    *("risk tolerance", "risk appetite", "time horizon", "low risk", "high risk", "medium risk", "years until"),
    *("Risikobereitschaft", "Anlagehorizont", "geringes Risiko", "hohes Risiko", "mittleres Risiko"),
]
RULE_SETS: dict[str, dict[str, Any]] = {
    "financial_adviser": {
        "name": gettext_noop("Financial adviser"),
        "description": gettext_noop("Asks about risk before it advises, promises no returns, and ends with a disclaimer."),
        "guidance": (
            "You inform about money matters; you do not decide for anybody. Compare alternatives with their costs and"
            " risks. Never promise a return, and never advise without knowing how much risk the person can bear."
        ),
        "rules": [
            (gettext_noop("Risk questions first"), "input", "instruct", _ADVICE, _RISK, (
                "The person has not said how much risk they can bear. Before any advice ask: for how long can the money"
                " stay, how large a loss could they bear, and what do they need it for?"
            )),
            (gettext_noop("No guaranteed returns"), "output", "block", [
                *("guaranteed return*", "guaranteed profit*", "risk-free profit*", "cannot lose"),
                *("garantierte Rendite*", "garantierter Gewinn*", "risikoloser Gewinn*"),
            ], [], gettext_noop("The answer promised a return, which nobody can. Ask again, or ask a person.")),
            (gettext_noop("Disclaimer"), "output", "add", _ADVICE, ["not financial advice", "keine Anlageberatung"], gettext_noop(
                "*This is general information, not financial advice.*"
            )),
        ],
    },
    "content_creator": {
        "name": gettext_noop("Content creator"),
        "description": gettext_noop("Writes for a named audience and keeps to the words of the house."),
        "guidance": (
            "You write for publication. Keep to the organisation's guidelines wherever the documents hold them. Short"
            " sentences, active voice, no superlatives that nothing proves."
        ),
        "rules": [
            (gettext_noop("Audience first"), "input", "instruct", [
                *("write", "draft", "post", "article", "blog*", "newsletter*", "press release*"),
                *("schreib*", "verfass*", "Beitrag", "Artikel", "Pressemitteilung*"),
            ], ["audience", "readers", "for our", "for customers", "Zielgruppe", "Leser*", "für unsere", "für Kund*"], (
                "The person has not said for whom the text is. State the audience that you assume in one line above the"
                " text, and offer to write for another one."
            )),
            (gettext_noop("No empty superlatives"), "output", "replace", [
                *("world-class", "best-in-class", "game-changing", "cutting-edge"),
                *("weltklasse", "bahnbrechend", "einzigartig"),
            ], [], "good"),
        ],
    },
    "technical_support": {
        "name": gettext_noop("Technical support"),
        "description": gettext_noop("Gives numbered steps, and says how to check that they worked."),
        "guidance": (
            "You help people to get something working. Give the fewest steps that lead there, one action a step, in the"
            " order in which they are done, each with what should be seen after it. Warn before a step that loses data."
        ),
        "rules": [
            (gettext_noop("Numbered steps"), "output", "number", [], [], ""),
            (gettext_noop("Verified at the end"), "output", "add", [
                *("click*", "restart*", "install*", "open the", "type", "settings"),
                *("klick*", "starten Sie*", "installier*", "öffnen Sie", "Einstellungen"),
            ], ["check that", "verify*", "make sure", "should now", "prüfen Sie", "sollte jetzt", "vergewissern"], gettext_noop(
                "Check at the end that what did not work before works now. If it does not, write what you see instead."
            )),
        ],
    },
}  # fmt: skip


def sync(sender: Any, **kwargs: Any) -> None:
    """Receiver of post_migrate: bring what ships in the active tenant's schema to what stands here."""
    if not has_tenant():
        return
    for key, values in PERSONALITIES.items():
        Personality.objects.update_or_create(key=key, defaults=values | {"name": _free_name(Personality, key, values)})
    for key, values in RULE_SETS.items():
        fields = {name: value for name, value in values.items() if name != "rules"}
        fields["name"] = _free_name(RuleSet, key, values)
        rule_set, _made = RuleSet.objects.update_or_create(key=key, defaults=fields)
        _sync_rules(rule_set, values["rules"])


def _free_name(model: Any, key: str, values: dict[str, Any]) -> str:
    """Leave a name to the organisation that gave it to something of its own."""
    is_taken = model.objects.filter(name=values["name"]).exclude(key=key).exists()
    return f"{values['name']} (Guildhall)" if is_taken else values["name"]


def _sync_rules(rule_set: RuleSet, rules: list[tuple[Any, ...]]) -> None:
    rule_set.rules.exclude(name__in=[rule[0] for rule in rules]).delete()
    for position, (name, stage, action, mentions, unless, text) in enumerate(rules):
        values = {"stage": stage, "action": action, "mentions": mentions, "unless": unless, "text": text}
        Rule.objects.update_or_create(rule_set=rule_set, name=name, defaults=values | {"position": position})
