"""Source and target side by side: integrity, fidelity, privacy, and the pages that show them."""

from dbclone.report.comparison import Comparison, RunFacts
from dbclone.report.fidelity import compare_tables
from dbclone.report.figures import (
    ColumnFidelity,
    Detection,
    FidelityReport,
    Histogram,
    HopFidelity,
    KeyFidelity,
    Measure,
    PairFidelity,
    RowCopies,
    TableFidelity,
    TextRepeats,
)
from dbclone.report.findings import Finding, findings
from dbclone.report.integrity import IntegrityReport, integrity_report
from dbclone.report.verdict import Level, Verdict, judge

__all__ = [
    "ColumnFidelity",
    "Comparison",
    "Detection",
    "FidelityReport",
    "Finding",
    "Histogram",
    "HopFidelity",
    "IntegrityReport",
    "KeyFidelity",
    "Level",
    "Measure",
    "PairFidelity",
    "RowCopies",
    "RunFacts",
    "TableFidelity",
    "TextRepeats",
    "Verdict",
    "compare_tables",
    "findings",
    "integrity_report",
    "judge",
]
