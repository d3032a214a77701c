"""Criteria as clients write them, read into conditions; whatever is not understood is refused by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tacore.errors import InvalidParams, bad_param
from tacore.market.features.catalogue import FEATURES, named

COMPARISONS = ("gt", "gte", "lt", "lte")
CROSSES = ("crosses_above", "crosses_below")
OPERATORS = (*COMPARISONS, "between", "in", *CROSSES)
GROUPS = ("all", "any")
DEPTH = 8
"""How deep all and any may be nested."""
CRITERIA = tuple(
    spelling for name in FEATURES for spelling in (f"min_{name}", f"max_{name}", f"{name}_range", name)
)
Value = float | str


@dataclass(frozen=True, slots=True)
class Compare:
    """A feature against a number or another feature; ``operator`` is one of COMPARISONS."""

    feature: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Within:
    """A feature among some values."""

    feature: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Cross:
    """A feature that crossed a number or another feature since the session before."""

    feature: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that hold all, or of which any holds."""

    parts: tuple["Condition", ...]
    any: bool = False


Condition = Compare | Within | Cross | Group


def read_criteria(criteria: Mapping[str, object], where: str = "criteria", depth: int = 0) -> Group:
    """Read criteria, all of which must hold; InvalidParams names what is wrong, and the nearest name."""
    if depth > DEPTH:
        raise bad_param(where, f"all and any are nested more than {DEPTH} deep")
    bounds: dict[str, object] = {}
    parts: list[Condition] = []
    for spelling, value in criteria.items():
        field = f"{where}.{spelling}"
        if spelling in GROUPS:
            parts.append(_group(spelling, value, field, depth))
            continue
        kind, feature = _kind(spelling, field, value)
        name = kind.format(feature)
        if name in bounds and bounds[name] != value:
            raise bad_param(field, f"disagrees with {name}", value=value)
        if name not in bounds and value is not None:
            bounds[name] = value
            parts += _KINDS[kind](feature, value, field)
    _refuse_empty(parts, where)
    return Group(tuple(parts))


def features_of(condition: Condition) -> Iterator[str]:
    """List the features that a condition looks at."""
    if isinstance(condition, Group):
        for part in condition.parts:
            yield from features_of(part)
        return
    yield condition.feature
    if isinstance(condition, Compare | Cross) and isinstance(condition.value, str):
        yield condition.value


def needs_history(condition: Condition) -> bool:
    """Tell whether a condition can only be judged with daily history."""
    if isinstance(condition, Group):
        return any(map(needs_history, condition.parts))
    return isinstance(condition, Cross) or any(FEATURES[name].history for name in features_of(condition))


def _group(name: str, value: object, field: str, depth: int) -> Group:
    if (
        not isinstance(value, list | tuple)
        or not value
        or not all(isinstance(each, Mapping) for each in value)
    ):
        raise bad_param(field, "a list of criteria is needed, at least one", value=value)
    parts = tuple(read_criteria(each, f"{field}[{at}]", depth + 1) for at, each in enumerate(value))
    return Group(parts, any=name == "any")


def _kind(spelling: str, field: str, value: object) -> tuple[str, str]:
    """Tell what a criterion is: ``min_{}``, ``max_{}``, ``{}_range`` or ``{}``, and of which feature."""
    word = spelling.lower()
    for kind, rest in (
        ("{}", word),
        ("min_{}", word.removeprefix("min_") if word.startswith("min_") else ""),
        ("max_{}", word.removeprefix("max_") if word.startswith("max_") else ""),
        ("{}_range", word.removesuffix("_range") if word.endswith("_range") else ""),
    ):
        if (feature := named(rest)) in FEATURES:
            return kind, feature
    raise _unknown(field, spelling, value)


def _unknown(field: str, spelling: str, value: object) -> InvalidParams:
    """Refuse a criterion that does not exist; the message names features, which are fewer than criteria."""
    error = bad_param(field, "there is no such criterion", value=value, allowed=CRITERIA, near=spelling)
    near = error.details[field].get("nearest")
    allowed = f"min_X, max_X, X_range or X with operators, where X is one of {', '.join(FEATURES)}"
    hint = f"; did you mean {near}?" if near else ""
    details = {field: error.details[field] | {"allowed": [*FEATURES]}}
    return InvalidParams(f"{field}: there is no such criterion{hint} Allowed: {allowed}", details=details)


def _number(value: object, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise bad_param(field, "a number is needed", value=value)
    return float(value)


def _operand(value: object, field: str, *, crossed: bool = False) -> Value:
    if not isinstance(value, str):
        return _number(value, field)
    if named(value) not in FEATURES:
        raise bad_param(field, "there is no such feature", value=value, allowed=FEATURES, near=value)
    return _crossable(named(value), field) if crossed else named(value)


def _crossable(feature: str, field: str) -> str:
    if not FEATURES[feature].before:
        able = [name for name, each in FEATURES.items() if each.before]
        raise bad_param(field, f"{feature} is not kept of the session before", value=feature, allowed=able)
    return feature


def _lowest(feature: str, value: object, field: str) -> list[Condition]:
    return [Compare(feature, "gte", _number(value, field))]


def _highest(feature: str, value: object, field: str) -> list[Condition]:
    return [Compare(feature, "lte", _number(value, field))]


def _range(feature: str, value: object, field: str) -> list[Condition]:
    if isinstance(value, Mapping) and set(value) <= {"min", "max"}:
        ends: Sequence[object] = (value.get("min"), value.get("max"))
    elif isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 - a low and a high
        ends = value
    else:
        raise bad_param(field, "wrong range", value=value, allowed='[low, high] or {"min": low, "max": high}')
    found: list[Condition] = []
    for operator, end in zip(("gte", "lte"), ends, strict=True):
        if end is not None:
            found.append(Compare(feature, operator, _number(end, field)))
    return found


def _operators(feature: str, value: object, field: str) -> list[Condition]:
    if not isinstance(value, Mapping) or not value:
        allowed = f'an object of {", ".join(OPERATORS)}, such as {{"gt": 1}}'
        raise bad_param(field, "operators are needed", value=value, allowed=allowed)
    found: list[Condition] = []
    for operator, operand in value.items():
        here = f"{field}.{operator}"
        if operator not in OPERATORS:
            raise bad_param(
                here, "there is no such operator", value=operand, allowed=OPERATORS, near=operator
            )
        if operator == "between":
            found += _range(feature, operand, here)
        elif operator == "in":
            found.append(_within(feature, operand, here))
        elif operator in CROSSES:
            _crossable(feature, here)
            found.append(Cross(feature, operator, _operand(operand, here, crossed=True)))
        else:
            found.append(Compare(feature, operator, _operand(operand, here)))
    return found


def _within(feature: str, value: object, field: str) -> Within:
    if not isinstance(value, list | tuple) or not value:
        raise bad_param(field, "a list of numbers is needed", value=value)
    return Within(feature, tuple(_number(each, field) for each in value))


_KINDS: Mapping[str, Callable[[str, object, str], list[Condition]]] = {
    "min_{}": _lowest,
    "max_{}": _highest,
    "{}_range": _range,
    "{}": _operators,
}


def _refuse_empty(parts: Sequence[Condition], where: str) -> None:
    """Refuse bounds that nothing can meet: a least value above the greatest."""
    lows: dict[str, float] = {}
    highs: dict[str, float] = {}
    for part in parts:
        if isinstance(part, Compare) and isinstance(part.value, float):
            if part.operator in ("gt", "gte"):
                lows[part.feature] = max(part.value, lows.get(part.feature, part.value))
            else:
                highs[part.feature] = min(part.value, highs.get(part.feature, part.value))
    for feature in lows.keys() & highs.keys():
        if lows[feature] > highs[feature]:
            raise InvalidParams(
                f"{where}: the least {feature} wanted is above the greatest",
                details={
                    f"{where}.{feature}": {
                        "problem": "min is above max",
                        "value": [lows[feature], highs[feature]],
                    }
                },
            )
