"""What people fill in about tools that they write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from apps.agents.models import PythonTool
from apps.agents.sandbox.base import MOST_CODE_BYTES

EXAMPLE = '''def run(amount: float, rate: float = 19.0) -> dict:
    """Add a tax to an amount. `rate` is in percent."""
    return {"net": amount, "tax": round(amount * rate / 100, 2), "gross": round(amount * (1 + rate / 100), 2)}
'''


class PythonToolForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name for the model"),
        max_length=40,
        help_text=gettext_lazy("Small letters, digits and underscores: with_tax"),
    )
    title = forms.CharField(label=gettext_lazy("Name for people"), max_length=80, required=False)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=MOST_CODE_BYTES,
        strip=False,
        widget=forms.Textarea,
        help_text=gettext_lazy(
            "A function run(…) with the kind of each parameter and a docstring, which the model reads. What it returns is the result."
        ),
    )

    def __init__(self, *args: Any, row: PythonTool | None = None, **kwargs: Any) -> None:
        known = {name: getattr(row, name) for name in self.base_fields} if row else {"code": EXAMPLE}
        super().__init__(*args, **{**kwargs, "initial": known})
