"""The options that can be set below the system's defaults, and what each may hold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import InvalidInput

Kind = Literal["switch", "number", "words", "choice"]
_registry: dict[str, "Option"] = {}


@dataclass(frozen=True)
class Option:
    """Something that can be set. `default` is asked at each reading; numbers lie between `least` and `most`.

    `choices` are the values of a choice with words for people. `levels` names where: for the whole `tenant`, a `project`, an `agent`.
    """

    key: str
    kind: Kind
    words: str | Promise
    help: str | Promise
    default: Callable[[], Any]
    least: int = 0
    most: int = 0
    levels: tuple[str, ...] = ("tenant",)
    choices: tuple[tuple[str, str | Promise], ...] = ()

    def __post_init__(self) -> None:
        if self.key in _registry:
            raise ValueError(f"The option {self.key} is declared twice.")
        _registry[self.key] = self

    def checked(self, value: Any) -> Any:
        """Return the value as it is stored. Raises InvalidInput with the option's key as the field."""
        checks = {"switch": self._switch, "number": self._number, "words": self._words, "choice": self._choice}
        return checks[self.kind](value)

    def _choice(self, value: Any) -> str:
        if value not in [each for each, _words in self.choices]:
            raise InvalidInput(_("Choose one of those that there are."), field=self.key)
        return str(value)

    def _switch(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise InvalidInput(_("Say yes or no."), field=self.key)
        return value

    def _number(self, value: Any) -> int:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or not self.least <= value <= self.most:
            message = _("Write a number from %(least)d to %(most)d.") % {"least": self.least, "most": self.most}
            raise InvalidInput(message, field=self.key)
        return value

    def _words(self, value: Any) -> list[str]:
        is_list = isinstance(value, list) and all(isinstance(word, str) for word in value)
        words = sorted({word.strip().lower().removeprefix("@") for word in value if word.strip()}) if is_list else []
        if not is_list or len(words) > 100 or any(len(w) > 253 or "." not in w or " " in w for w in words):
            raise InvalidInput(_("Write domains like example.com, with commas between them."), field=self.key)
        return words


def option(key: str) -> Option:
    """Return a declared option. Raises KeyError."""
    return _registry[key]


def all_options(level: str = "tenant") -> list[Option]:
    """Return every option that can be set at a level, in the order of declaration."""
    return [option for option in _registry.values() if level in option.levels]


REQUIRE_SECOND_FACTOR = Option(
    key="security.require_second_factor",
    kind="switch",
    words=gettext_lazy("Everybody needs a second factor"),
    help=gettext_lazy("Whoever has none is led to adding one before anything else."),
    default=lambda: False,
)
IDLE_MINUTES = Option(
    key="security.idle_minutes",
    kind="number",
    words=gettext_lazy("Minutes until an unused session ends"),
    help=gettext_lazy("Counted from the last page that was opened."),
    default=lambda: settings.SESSION_IDLE_S // 60,
    least=5,
    most=24 * 60,
)
SIGN_UP_DOMAINS = Option(
    key="security.sign_up_domains",
    kind="words",
    words=gettext_lazy("Whose addresses may join without an invitation"),
    help=gettext_lazy(
        "Domains with commas between them; empty: nobody. They become members once they open a link sent there."
    ),
    default=list,
)
SSO_ONLY = Option(
    key="security.sso_only",
    kind="switch",
    words=gettext_lazy("Single sign-on is the only way in"),
    help=gettext_lazy("Passwords, passkeys, reset links and invitations with a password are closed, API sign-in too."),
    default=lambda: False,
)
LET_PROGRAMS_IN = Option(
    key="security.let_programs_in",
    kind="switch",
    words=gettext_lazy("People may let programs in"),
    help=gettext_lazy(
        "Assistants and editors that speak the Model Context Protocol then work with what the person who lets them in may see."
        " Switched off, none is let in and those that were are kept out."
    ),
    default=lambda: True,
)
AUDIT_DAYS = Option(
    key="audit.keep_days",
    kind="number",
    words=gettext_lazy("Days for which the audit is kept"),
    help=gettext_lazy(
        "Older events are let go each night; the chain stays whole from there on. The database refuses less than 90."
    ),
    default=lambda: settings.AUDIT_KEEP_DAYS,
    least=90,
    most=36_500,
)
STAND_STILL = Option(
    key="agents.stand_still",
    kind="switch",
    words=gettext_lazy("All agents stand still"),
    help=gettext_lazy(
        "What they are working on is stopped within seconds, and nothing new begins until this is off again."
    ),
    default=lambda: False,
)
CHAT_LIMIT = Option(
    key="chat.messages_a_minute",
    kind="number",
    words=gettext_lazy("Messages a minute of one person"),
    help=gettext_lazy("Through page, socket and API together."),
    default=lambda: settings.RATE_LIMITS["chat"],
    least=1,
    most=1_000,
    levels=("tenant", "project", "agent"),
)
ANSWER_TOKENS = Option(
    key="chat.answer_tokens",
    kind="number",
    words=gettext_lazy("Most tokens of one answer"),
    help=gettext_lazy("A model stops there. A budget holds this much back for each call while it is made."),
    default=lambda: settings.MAX_ANSWER_TOKENS,
    least=64,
    most=200_000,
    levels=("tenant", "project", "agent"),
)
KEEP_ANSWERS = Option(
    key="chat.keep_answers_hours",
    kind="number",
    words=gettext_lazy("Hours for which answers are kept"),
    help=gettext_lazy(
        "Whoever asks the model the very same gets the same answer at once, and it costs nothing. 0: every answer is a new one."
    ),
    default=lambda: 0,
    least=0,
    most=720,
    levels=("project", "agent"),
)
RUN_MINUTES = Option(
    key="agents.run_minutes",
    kind="number",
    words=gettext_lazy("Most minutes that one run works"),
    help=gettext_lazy("Waiting for people or other agents does not count. What it wrote until then stays."),
    default=lambda: 30,
    least=1,
    most=24 * 60,
    levels=("tenant", "project", "agent"),
)
RUN_TOKENS = Option(
    key="agents.run_tokens",
    kind="number",
    words=gettext_lazy("Most tokens of one run"),
    help=gettext_lazy("Read and written, in all its calls of models. What it wrote until then stays."),
    default=lambda: 1_000_000,
    least=1_000,
    most=100_000_000,
    levels=("tenant", "project", "agent"),
)
FAILING_PERCENT = Option(
    key="agents.failing_percent",
    kind="number",
    words=gettext_lazy("Alert when so many of 100 runs fail"),
    help=gettext_lazy("Of one agent's runs within a day, once ten have ended; told as a security event. 0: never."),
    default=lambda: 50,
    least=0,
    most=100,
    levels=("tenant", "agent"),
)
PERSONAL = Option(
    key="agents.personal_details",
    kind="choice",
    words=gettext_lazy("Personal details"),
    help=gettext_lazy(
        "E-mail addresses, phone numbers, payment cards, bank accounts, tax and national ids, addresses of machines."
        " Covered, a model sees marks instead, and people and tools see the details."
    ),
    default=lambda: "off",
    levels=("tenant", "agent"),
    choices=(
        ("off", gettext_lazy("Models see them")),
        ("cover", gettext_lazy("Covered before a model sees them")),
        ("refuse", gettext_lazy("Covered, and a question that holds some is refused")),
    ),
)
REMEMBERED = Option(
    key="chat.remembered_messages",
    kind="number",
    words=gettext_lazy("Messages that agents remember as they are"),
    help=gettext_lazy("Of a conversation; what was before them is summed up. The built-in model remembers none."),
    default=lambda: 20,
    least=2,
    most=200,
    levels=("tenant", "project", "agent"),
)
