"""A clone against dump and restore, side by side: takes a PostgreSQL source, prints seconds, memory and their ratio.

    python benchmarks/speed.py postgresql://postgres@127.0.0.1/postgres --tpch 0.1 --fit rossmann --small chinook
    python benchmarks/speed.py postgresql://postgres@127.0.0.1/chinook --runs 3

``--tpch`` makes the source first (needs ``pip install tpchgen-cli``) and measures how fast one core draws ``lineitem``
once all is compiled. Everything that is made is dropped at the end. ``cpu`` are seconds of the client's processes, for
the server's count for nobody; ``load`` is the machine's over the last minute.
Never passes or fails: seconds are a machine's, the ratio is what can be compared.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow.csv
import pyarrow.parquet
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import dbclone
from dbclone.sample.executor import Serial
from dbclone.sample.generate import Draw, Generator
from dbclone.schema import make_plan

_TPCH = """
CREATE TABLE region (r_regionkey integer PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152));
CREATE TABLE nation (n_nationkey integer PRIMARY KEY, n_name char(25) NOT NULL, n_regionkey integer NOT NULL,
  n_comment varchar(152));
CREATE TABLE supplier (s_suppkey bigint PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL,
  s_nationkey integer NOT NULL, s_phone char(15) NOT NULL, s_acctbal numeric(15,2) NOT NULL,
  s_comment varchar(101) NOT NULL);
CREATE TABLE part (p_partkey bigint PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL,
  p_brand char(10) NOT NULL, p_type varchar(25) NOT NULL, p_size integer NOT NULL, p_container char(10) NOT NULL,
  p_retailprice numeric(15,2) NOT NULL, p_comment varchar(23) NOT NULL);
CREATE TABLE partsupp (ps_partkey bigint NOT NULL, ps_suppkey bigint NOT NULL, ps_availqty integer NOT NULL,
  ps_supplycost numeric(15,2) NOT NULL, ps_comment varchar(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey));
CREATE TABLE customer (c_custkey bigint PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,
  c_nationkey integer NOT NULL, c_phone char(15) NOT NULL, c_acctbal numeric(15,2) NOT NULL,
  c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL);
CREATE TABLE orders (o_orderkey bigint PRIMARY KEY, o_custkey bigint NOT NULL, o_orderstatus char(1) NOT NULL,
  o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL,
  o_clerk char(15) NOT NULL, o_shippriority integer NOT NULL, o_comment varchar(79) NOT NULL);
CREATE TABLE lineitem (l_orderkey bigint NOT NULL, l_partkey bigint NOT NULL, l_suppkey bigint NOT NULL,
  l_linenumber integer NOT NULL, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL,
  l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL,
  l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL,
  l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL,
  PRIMARY KEY (l_orderkey, l_linenumber));
"""
_TPCH_KEYS = """
ALTER TABLE nation ADD FOREIGN KEY (n_regionkey) REFERENCES region;
ALTER TABLE supplier ADD FOREIGN KEY (s_nationkey) REFERENCES nation;
ALTER TABLE customer ADD FOREIGN KEY (c_nationkey) REFERENCES nation;
ALTER TABLE partsupp ADD FOREIGN KEY (ps_partkey) REFERENCES part;
ALTER TABLE partsupp ADD FOREIGN KEY (ps_suppkey) REFERENCES supplier;
ALTER TABLE orders ADD FOREIGN KEY (o_custkey) REFERENCES customer;
ALTER TABLE lineitem ADD FOREIGN KEY (l_orderkey) REFERENCES orders;
ALTER TABLE lineitem ADD FOREIGN KEY (l_partkey) REFERENCES part;
ALTER TABLE lineitem ADD FOREIGN KEY (l_suppkey) REFERENCES supplier;
ALTER TABLE lineitem ADD FOREIGN KEY (l_partkey, l_suppkey) REFERENCES partsupp;
"""
_TABLES = ("region", "nation", "supplier", "part", "partsupp", "customer", "orders", "lineitem")
_PREFIX = "h_speed_"


@dataclass(frozen=True)
class Run:
    """Wall-clock seconds, CPU seconds and the highest memory of all its processes together in MiB, seconds by stage."""

    seconds: float
    cpu: float
    peak: float
    stages: dict[str, float]


def main() -> None:
    """Measures and prints."""
    asked = _arguments()
    with contextlib.ExitStack() as stack:
        source = asked.source
        if asked.tpch:
            source = stack.enter_context(_tpch(asked.source, asked.tpch, keep=asked.keep))
        clones, copies = [], []
        for turn in range(asked.runs):
            clones.append(_clone(source, asked.workers))
            print(f"clone {turn + 1}: {_line(clones[-1])}", flush=True)
            copies.append(_dump_and_restore(source))
            print(f"dump and restore {turn + 1}: {_line(copies[-1])}", flush=True)
        more: dict[str, object] = {}
        if asked.tpch:
            more["lineitem_rows_a_second_and_core"] = round(_rows_a_second(source, "lineitem"))
        for name in asked.fit:
            fitted = _fit(_beside(asked.source, name))
            print(f"fit of {name}: {_line(fitted)}", flush=True)
            more[f"fit_{name}_seconds"] = round(fitted.seconds, 2)
        for name in asked.small:
            _clone(_beside(asked.source, name), asked.workers)
            warm = _clone(_beside(asked.source, name), asked.workers)
            print(f"clone of {name}, warm: {_line(warm)}", flush=True)
            more[f"clone_{name}_seconds"] = round(warm.seconds, 2)
    clone = statistics.median(run.seconds for run in clones)
    copy = statistics.median(run.seconds for run in copies)
    result = {
        "source": conninfo_to_dict(source)["dbname"],
        "workers": asked.workers,
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "clone_seconds": round(clone, 2),
        "clone_cpu": round(statistics.median(run.cpu for run in clones), 2),
        "dump_and_restore_seconds": round(copy, 2),
        "ratio": round(clone / copy, 2),
        "peak_mib": round(max(run.peak for run in clones)),
        "stages": clones[-1].stages,
    }
    print(json.dumps(result | more))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A clone against dump and restore.")
    parser.add_argument("source", help="the source; with --tpch any database of the server to make it on")
    parser.add_argument("--tpch", type=float, metavar="SCALE", help="make a TPC-H source of this scale factor first")
    parser.add_argument("--keep", action="store_true", help="leave the TPC-H source there, and use one that is")
    parser.add_argument("--runs", type=int, default=1, help="medians of so many runs")
    parser.add_argument("--workers", type=int, default=1, help="as in dbclone.yaml")
    parser.add_argument("--fit", action="append", default=[], metavar="NAME", help="also time the fit of this database")
    parser.add_argument(
        "--small", action="append", default=[], metavar="NAME", help="also time a warm clone of it"
    )
    return parser.parse_args()


def _line(run: Run) -> str:
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in run.stages.items())
    return f"{run.seconds:.2f} s, {run.cpu:.2f} s of CPU, {run.peak:.0f} MiB" + (f" ({stages})" if stages else "")


# -- the two ways -----------------------------------------------------------------------------------------------------


def _clone(source: str, workers: int) -> Run:
    with _database(source, "clone") as target, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "dbclone.yaml"
        config.write_text(f"workers: {workers}\n")
        run, out = _watched(["clone", source, target, "--json", "--config", str(config)])
        return Run(run.seconds, run.cpu, run.peak, json.loads(out).get("seconds", {}))


def _fit(source: str) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        return _watched(["fit", source, "--output", str(Path(folder) / "fitted.dbclone"), "--quiet"])[0]


def _watched(arguments: list[str]) -> tuple[Run, str]:
    """Runs dbclone in a process of its own; gives what it took, and what it printed."""
    start, before = time.monotonic(), _cpu()
    command = [sys.executable, "-m", "dbclone", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        peak = _Peak(process.pid)
        out, err = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode:
        sys.exit(err)
    return Run(seconds, _cpu() - before, peak.highest(), {}), out


def _cpu() -> float:
    """CPU seconds of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _dump_and_restore(source: str) -> Run:
    with _database(source, "copy") as target, tempfile.TemporaryDirectory() as folder:
        dump = str(Path(folder) / "dump")
        start, before = time.monotonic(), _cpu()
        subprocess.run(["pg_dump", "-Fc", "-Z1", "-f", dump, "--dbname", source], check=True)
        middle = time.monotonic()
        subprocess.run(["pg_restore", "-j2", "--dbname", target, dump], check=True)
        end = time.monotonic()
        return Run(end - start, _cpu() - before, 0.0, {"dump": middle - start, "restore": end - middle})


def _rows_a_second(source: str, wanted: str) -> float:
    """Rows of one table that a single thread fills and turns into columns in a second of its CPU, once compiled."""
    bundle = dbclone.fit(source)
    plan = make_plan(bundle.schema, dict(bundle.strategies))
    name = bundle.schema.find(wanted)
    if name is None:
        sys.exit(f"there is no table {wanted}")
    learned = bundle.schema, plan, bundle.profile, bundle.models, bundle.real, bundle.codes
    rate = 0.0
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            generator = Generator(*learned, Draw(), Path(folder), executor=Serial())
            marks: dict[str, float] = {}
            generator.fill(lambda label, _done, _total, marks=marks: marks.setdefault(label, time.thread_time()))
            labels = [*marks, ""]
            after = labels[labels.index(str(name)) + 1]
            filled = marks.get(after, time.thread_time()) - marks[str(name)]
            start = time.thread_time()
            rows = sum(batch.num_rows for batch in generator.batches(name))
            rate = rows / (filled + time.thread_time() - start)
            generator.close()
    return rate


class _Peak:
    """Watches the resident memory of a process and its descendants (Linux; 0 elsewhere). Shared pages count once."""

    def __init__(self, root: int) -> None:
        self._root, self._highest = root, 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def highest(self) -> float:
        self._thread.join()
        return self._highest

    def _watch(self) -> None:
        while Path(f"/proc/{self._root}/smaps_rollup").exists():
            held = sum(_private(process) for process in _descendants(self._root))
            if not held:
                return
            self._highest = max(self._highest, held / 1024)
            time.sleep(0.1)


def _descendants(root: int) -> list[int]:
    found = [root]
    for process in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{process}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _private(process: int) -> int:
    """Proportional set size in KiB: mapped files that several processes share count once."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


# -- databases --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _database(server: str, name: str, *, keep: bool = False) -> Iterator[str]:
    """An empty database on the server; with ``keep`` one that is there already is left as it is."""
    full = f"{_PREFIX}{name}"
    with psycopg.connect(server, autocommit=True) as session:
        there = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", (full,)).fetchone()
        if there and not keep:
            session.execute(f'DROP DATABASE "{full}"'.encode())
        if not there or not keep:
            session.execute(f'CREATE DATABASE "{full}" TEMPLATE template0'.encode())
    try:
        yield _beside(server, full)
    finally:
        if not keep:
            with psycopg.connect(server, autocommit=True) as session:
                session.execute(f'DROP DATABASE IF EXISTS "{full}"'.encode())


def _beside(server: str, name: str) -> str:
    """The address of another database on the same server, as a URL."""
    parts = conninfo_to_dict(server)
    host, user = parts.get("host", ""), parts.get("user", "")
    port = f":{parts['port']}" if "port" in parts else ""
    if parts.get("password"):
        os.environ["PGPASSWORD"] = str(parts["password"])
    return f"postgresql://{user}@{host}{port}/{name}"


@contextlib.contextmanager
def _tpch(server: str, scale: float, *, keep: bool) -> Iterator[str]:
    with _database(server, "tpch", keep=keep) as address:
        with psycopg.connect(make_conninfo(address)) as session:
            filled = session.execute("SELECT to_regclass('lineitem') IS NOT NULL").fetchone()
            if filled is None or not filled[0]:
                _fill(session, scale)
        yield address


def _fill(session: psycopg.Connection[tuple[object, ...]], scale: float) -> None:
    beside = Path(sys.executable).with_name("tpchgen-cli")
    program = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if program is None:
        sys.exit("tpchgen-cli is missing. Hint: pip install tpchgen-cli")
    session.execute(_TPCH.encode())
    with tempfile.TemporaryDirectory() as folder:
        _run([program, "parquet", "-s", str(scale), "--output-dir", folder])
        for table in _TABLES:
            _copy(session, table, Path(folder) / f"{table}.parquet")
    session.execute(_TPCH_KEYS.encode())
    session.commit()
    session.autocommit = True
    session.execute("VACUUM ANALYZE")


def _copy(session: psycopg.Connection[tuple[object, ...]], table: str, file: Path) -> None:
    options = pyarrow.csv.WriteOptions(include_header=False)
    with session.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)".encode()) as copy:
        for batch in pyarrow.parquet.ParquetFile(file).iter_batches():
            sink = pyarrow.BufferOutputStream()
            texts = [column.cast("string") if "view" in str(column.type) else column for column in batch.columns]
            pyarrow.csv.write_csv(pyarrow.RecordBatch.from_arrays(texts, names=batch.schema.names), sink, options)
            copy.write(memoryview(sink.getvalue()))


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
