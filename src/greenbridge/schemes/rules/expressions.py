"""Formulas over named values: a small checked part of Python's grammar, read with `ast`, never run.

Numbers with + - * /, min, max, ratio(a, b); comparisons; and, or, not; `word in ("a", "b")`. Unknown goes through: a formula over an
unknown value is unknown, unless the known part settles it (`x and False` is False). So knowing more never changes a known answer.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from greenbridge.schemes.values import Expression, Value

Lookup = Mapping[str, Value | None]
Node = tuple[Any, ...]
MAX_LENGTH, MAX_DEPTH = 400, 12
ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
ORDER: Mapping[str, Callable[[float, float], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in", ast.NotIn: "not in"}
FUNCTIONS = {"min": (2, 8), "max": (2, 8), "ratio": (2, 2)}


class WrongExpression(ValueError):
    """A formula that cannot be read; its text says where."""


def parse(text: str) -> Expression:
    """Return a checked formula; raises WrongExpression. `parse("ratio(profit, revenue)").names == ("profit", "revenue")`."""
    if len(text) > MAX_LENGTH:
        raise WrongExpression(f"longer than {MAX_LENGTH} characters")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise WrongExpression(f"{text!r} is no formula") from None
    names: dict[str, None] = {}
    return Expression(text.strip(), _node(body, names, 0), tuple(names))


def _node(node: ast.expr, names: dict[str, None], depth: int) -> Node:  # noqa: C901, PLR0911 (one branch a form of the grammar)
    if depth > MAX_DEPTH:
        raise WrongExpression("nested too deeply")

    def inner(one: ast.expr) -> Node:
        return _node(one, names, depth + 1)

    match node:
        case ast.Name(id=name):
            names[name] = None
            return ("name", name)
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return ("value", value if isinstance(value, (bool, str)) else float(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ("-", ("value", 0.0), inner(operand))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ("not", inner(operand))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _BINARY:
            return (_BINARY[type(op)], inner(left), inner(right))
        case ast.BoolOp(op=op, values=values):
            return ("and" if isinstance(op, ast.And) else "or", *map(inner, values))
        case ast.Compare(ops=[op], left=left, comparators=[right]) if type(op) in _COMPARE:
            if isinstance(op, (ast.In, ast.NotIn)):
                return (_COMPARE[type(op)], inner(left), _words(right))
            return (_COMPARE[type(op)], inner(left), inner(right))
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]) if function in FUNCTIONS:
            low, high = FUNCTIONS[function]
            if not low <= len(args) <= high:
                raise WrongExpression(f"{function} takes {low} to {high} values")
            return (function, *map(inner, args))
    raise WrongExpression(f"{ast.unparse(node)!r} is not allowed; known: + - * /, comparisons, and, or, not, in, {', '.join(FUNCTIONS)}")


def _words(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, (ast.Tuple, ast.List)):
        found = tuple(e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str))
        if found and len(found) == len(node.elts):
            return found
    raise WrongExpression('`in` is followed by words, such as ("red", "black")')


def evaluate(expression: Expression, known: Lookup) -> Value | None:
    """Return a formula's value; None while it is unknown. `max(0, a - b)` of a=1, b=3 is 0."""
    return _value(expression.tree, known)


Bounds = tuple[float | None, float | None]


def bounds(expression: Expression, known: Lookup) -> Bounds:
    """Return between which numbers a formula lies, None where it has no bound: `max(a, b)` of a=1 and b unknown is at least 1."""
    return _bounds(expression.tree, known)


def _bounds(node: Node, known: Lookup) -> Bounds:
    if node[0] not in {"min", "max"}:
        value = _value(node, known)
        number = float(value) if value is not None and not isinstance(value, str) else None
        return number, number
    lows, highs = zip(*(_bounds(one, known) for one in node[1:]), strict=True)
    # Of a maximum one known part is a floor, and only all together are a ceiling; of a minimum the other way round.
    any_, all_ = (lows, highs) if node[0] == "max" else (highs, lows)
    pick = max if node[0] == "max" else min
    settled = [one for one in any_ if one is not None]
    bound = pick(settled) if settled else None
    other = pick(one for one in all_ if one is not None) if None not in all_ else None
    return (bound, other) if node[0] == "max" else (other, bound)


def _value(node: Node, known: Lookup) -> Value | None:  # noqa: PLR0911 (one answer a form)
    kind: str = node[0]
    if kind == "name":
        return known.get(node[1])
    if kind == "value":
        constant: Value = node[1]
        return constant
    if kind in {"and", "or"}:
        return _joined(kind, [_value(one, known) for one in node[1:]])
    if kind in {"in", "not in"}:
        word = _value(node[1], known)
        return None if word is None else (word in node[2]) is (kind == "in")
    values = [_value(one, known) for one in node[1:]]
    if any(value is None for value in values):
        return None
    if kind == "not":
        return not values[0]
    if kind in {"==", "!="}:
        return (values[0] == values[1]) == (kind == "==")
    return _numeric(kind, [float(value) for value in values])  # type: ignore[arg-type]


def _joined(kind: str, values: list[Value | None]) -> bool | None:
    """Return Kleene's and / or: one False settles an `and`, one True an `or`."""
    settling = kind == "or"
    if any(value is not None and bool(value) is settling for value in values):
        return settling
    return None if any(value is None for value in values) else not settling


def _numeric(kind: str, values: list[float]) -> float | bool | None:
    if kind in ORDER:
        return ORDER[kind](values[0], values[1])
    if kind in ARITHMETIC:
        return ARITHMETIC[kind](values[0], values[1])
    if kind in {"/", "ratio"}:
        return values[0] / values[1] if values[1] else None
    return min(values) if kind == "min" else max(values)
