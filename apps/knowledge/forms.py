"""What people fill in about documents and where they come from."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from apps.knowledge.models import Source

Kind = Source.Kind


class PasteForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("Text"),
        widget=forms.Textarea,
        help_text=gettext_lazy("Lines that begin with # are headings, which answers name."),
    )


class SourceForm(forms.Form):
    """A source of one kind, which decides what is asked; `values()` returns it as the service takes it."""

    ASKED: ClassVar = {
        Kind.PAGE: ("address", "every", "tags"),
        Kind.SITE: ("address", "every", "tags"),
        Kind.GITHUB: ("place", "folder", "branch", "secret", "address", "every", "tags"),
        Kind.GITLAB: ("place", "folder", "branch", "secret", "address", "every", "tags"),
        Kind.S3: ("address", "place", "folder", "branch", "account", "secret", "every", "tags"),
    }
    WORDS: ClassVar = {
        (Kind.PAGE, "address"): (gettext_lazy("Address of the page"), ""),
        (Kind.SITE, "address"): (
            gettext_lazy("Address of the website or of its site map"),
            gettext_lazy("The pages that the site map names, of this host alone, as far as its robots.txt allows it."),
        ),
        (Kind.GITHUB, "address"): (
            gettext_lazy("Address of the interface"),
            gettext_lazy("Empty: github.com. An own server: https://host/api/v3"),
        ),
        (Kind.GITLAB, "address"): (gettext_lazy("Address of GitLab"), gettext_lazy("Empty: gitlab.com.")),
        (Kind.S3, "address"): (gettext_lazy("Address of the storage"), gettext_lazy("Like https://s3.example.com")),
        (Kind.S3, "place"): (gettext_lazy("Bucket"), ""),
        (Kind.S3, "branch"): (gettext_lazy("Region"), gettext_lazy("Empty: us-east-1.")),
        (Kind.S3, "secret"): (gettext_lazy("Secret key"), gettext_lazy("Stored sealed; it is never shown again.")),
    }

    address = forms.CharField(max_length=500, required=False)
    place = forms.CharField(label=gettext_lazy("Repository"), max_length=200, help_text=gettext_lazy("As owner/name."))
    folder = forms.CharField(
        label=gettext_lazy("Folder"), max_length=300, required=False, help_text=gettext_lazy("Empty: all of it.")
    )
    branch = forms.CharField(
        label=gettext_lazy("Branch"), max_length=100, required=False, help_text=gettext_lazy("Empty: the usual one.")
    )
    account = forms.CharField(
        label=gettext_lazy("Access key"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty: the bucket is public."),
    )
    secret = forms.CharField(
        label=gettext_lazy("Access token"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput,
        help_text=gettext_lazy("For what is not public. Stored sealed; it is never shown again."),
    )
    every = forms.ChoiceField(
        label=gettext_lazy("Looked through"), choices=Source.Every.choices, initial=Source.Every.DAY
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags of its documents"),
        max_length=900,
        required=False,
        help_text=gettext_lazy("With commas between them. Searches can be narrowed to tags."),
    )

    def __init__(self, data: Any = None, *, kind: str, source: Source | None = None) -> None:
        initial = {name: getattr(source, name) for name in self.base_fields if name != "secret"} if source else {}
        super().__init__(data, initial=initial | ({"tags": ", ".join(source.tags)} if source else {}))
        asked = self.ASKED[Kind(kind)]
        self.fields = {name: self.fields[name] for name in asked}
        for name, field in self.fields.items():
            words: Any = self.WORDS.get((Kind(kind), name))
            field.label, field.help_text = words or (field.label, field.help_text)
        self.fields["address"].required = kind in (Kind.PAGE, Kind.SITE, Kind.S3)
        if source is not None and source.has_secret:
            self.fields["secret"].help_text = gettext_lazy("One is stored. Empty: it stays.")

    def values(self) -> dict[str, Any]:
        """Return what was written, by the names of a Source; the secret goes by itself."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "secret"}
        return values | {"tags": values["tags"].split(",")}


class QuestionForm(forms.Form):
    """A labelled question; `names` are those of the documents that may answer it."""

    question = forms.CharField(label=gettext_lazy("Question"), max_length=500)
    document = forms.CharField(label=gettext_lazy("Answered by the document"), max_length=255)
    quote = forms.CharField(
        label=gettext_lazy("In a passage with these words"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Empty: any passage of the document counts."),
    )

    def __init__(self, data: Any = None, *, names: Any) -> None:
        super().__init__(data)
        self.names = names
        self.fields["document"].widget = forms.Select()
        self.fields["document"].choices = [("", "—"), *((name, name) for name in names)]  # type: ignore[attr-defined]
