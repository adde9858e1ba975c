"""Everything said of a clone in one value: its constraints, its likeness to the source, how it was made.

Takes the reports of this folder and the facts of a run, gives a `Comparison`. Never opens a database.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbclone.dialects.protocol import Loss
from dbclone.report.figures import FidelityReport
from dbclone.report.integrity import IntegrityReport
from dbclone.schema import Schema, TableName

if TYPE_CHECKING:
    from dbclone.report.rules import RulesReport
    from dbclone.report.verdict import Verdict


@dataclass(frozen=True)
class RunFacts:
    """How the clone was made. ``source`` and ``target`` are shown as they stand: hand in addresses without passwords.

    ``settings`` are further facts in words, ``seconds`` go by stage, ``strategies`` list tables that are not
    synthesized, e.g. ``("public.country", "copy")``.
    """

    source: str = ""
    target: str = ""
    seed: int | None = None
    scale: float | None = None
    bundle: str = ""
    version: str = ""
    time: str = ""
    seconds: tuple[tuple[str, float], ...] = ()
    losses: tuple[Loss, ...] = ()
    strategies: tuple[tuple[TableName, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A clone beside its source. ``fidelity`` and ``rules`` are None where the rows were not compared.

    ``schema`` is the source's, where its graph is to be drawn.
    """

    integrity: IntegrityReport | None = None
    fidelity: FidelityReport | None = None
    facts: RunFacts = RunFacts()
    schema: Schema | None = None
    rules: RulesReport | None = None

    @property
    def ok(self) -> bool:
        """True where no constraint is broken and no table is missing."""
        whole = self.fidelity is None or not self.fidelity.missing_tables
        return whole and (self.integrity is None or self.integrity.ok)

    @property
    def score(self) -> float | None:
        """The one figure that ``--fail-under`` looks at (see ``FidelityReport.score``)."""
        return self.fidelity.score if self.fidelity else None

    @property
    def verdict(self) -> Verdict:
        from dbclone.report.verdict import judge

        return judge(self)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict: ok, score, verdict, integrity, fidelity, rules, facts."""
        return {
            "ok": self.ok,
            "score": None if self.score is None else round(self.score, 4),
            "verdict": self.verdict.to_json(),
            "integrity": self.integrity.to_json() if self.integrity else None,
            "fidelity": self.fidelity.to_json() if self.fidelity else None,
            "rules": self.rules.to_json() if self.rules else None,
            "facts": _adapter().dump_python(self.facts, mode="json"),
        }


@functools.cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(RunFacts)
