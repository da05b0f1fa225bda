"""The tool that calculates, in decimals of 28 digits: sums of money come out as on paper."""

import ast
from decimal import Decimal, localcontext
from typing import Any

from django.utils.translation import gettext_lazy
from simpleeval import DEFAULT_OPERATORS, InvalidExpression, SimpleEval

from apps.agents.tools.base import Tool, ToolContext, ToolFailed, ToolResult
from apps.providers.types import ToolSpec

MOST_CHARS = 500
KINDS: tuple[type, ...] = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub, ast.UAdd)
OPERATORS = {kind: DEFAULT_OPERATORS[kind] for kind in KINDS} | {ast.Pow: pow}
SPEC = ToolSpec(
    name="calculate",
    description=(
        "Calculate an expression exactly. Numbers with a decimal point; + - * / // % **, parentheses, and"
        " min, max, sum, mean, abs, sqrt, round(number, digits). Use it for every calculation."
    ),
    parameters={
        "type": "object",
        "properties": {"expression": {"type": "string", "minLength": 1, "maxLength": MOST_CHARS}},
        "required": ["expression"],
        "additionalProperties": False,
    },
)


def _sum(*numbers: Decimal) -> Decimal:
    return sum(numbers, Decimal())


def _mean(*numbers: Decimal) -> Decimal:
    return _sum(*numbers) / len(numbers)


def _round(number: Decimal, digits: Decimal = Decimal()) -> Decimal:
    return round(number, int(digits))


FUNCTIONS = {
    "min": min,
    "max": max,
    "abs": abs,
    "sum": _sum,
    "mean": _mean,
    "round": _round,
    "sqrt": Decimal.sqrt,
}


def calculate(expression: str) -> Decimal:
    """Return the value of an expression. Raises ToolFailed with what is wrong."""
    reader = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names={})
    kept = (ast.UnaryOp, ast.BinOp, ast.Call)
    reader.nodes = {kind: reader.nodes[kind] for kind in kept} | {ast.Constant: _number}
    try:
        with localcontext():
            value = reader.eval(expression, previously_parsed=ast.parse(expression.strip(), mode="eval").body)
    except ZeroDivisionError as error:
        raise ToolFailed("This divides by zero.") from error
    except (
        InvalidExpression,
        SyntaxError,
        ValueError,
        TypeError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    ) as error:
        raise ToolFailed(f"This cannot be calculated: {error}"[:300]) from error
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ToolFailed("This comes to no number.")
    return value


def _number(node: ast.Constant) -> Decimal:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise ToolFailed("Only numbers can be calculated with.")
    return Decimal(str(node.value))


def _call(context: ToolContext, arguments: dict[str, Any]) -> ToolResult:
    value = calculate(arguments["expression"])
    return ToolResult({"value": f"{value.normalize():f}" if value else "0"})


CALCULATE = Tool(
    SPEC,
    _call,
    title=gettext_lazy("Calculator"),
    summary=gettext_lazy("Calculates exactly, so that no figure is guessed."),
    icon="list-checks",
)
