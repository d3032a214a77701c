"""The pre-trade gate: whether an order may trade, judged without I/O and without a clock of its own."""

from tacore.execution.gate.judge import Denial, Judgement, clear, judge
from tacore.execution.gate.sight import Sight
from tacore.execution.gate.table import RULES, Rule

__all__ = ["RULES", "Denial", "Judgement", "Rule", "Sight", "clear", "judge"]
