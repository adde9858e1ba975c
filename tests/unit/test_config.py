"""dbclone.yaml and flags become a Config, or one error that names every problem with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dbclone.config import (
    Config,
    TableFacts,
    find_column,
    load_config,
    resolve_columns,
    resolve_learners,
    resolve_rows,
    resolve_tables,
    starter_yaml,
)
from dbclone.errors import ConfigError
from dbclone.schema import Column, Kind, Schema, Strategy, Table, TableName, Type


def table(name: str, *columns: str, schema: str = "public") -> Table:
    return Table(TableName(schema, name), tuple(Column(c, Type(Kind.INTEGER, "integer")) for c in columns))


SCHEMA = Schema(
    "postgresql",
    (
        table("customers", "id", "email"),
        table("order_items", "order_id", "line_no"),
        table("orders", "id", "customer_id"),
        table("orders", "id", "when", schema="old"),
    ),
)


def public(name: str) -> TableName:
    return TableName("public", name)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def _write(text: str) -> Path:
        path = tmp_path / "dbclone.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def message(error: pytest.ExceptionInfo[ConfigError], path: Path | None = None) -> str:
    return str(error.value).replace(str(path), "dbclone.yaml")


def test_defaults() -> None:
    config = load_config()
    assert (config.seed, config.scale, config.sample_rows, config.workers) == (0, 1.0, 200_000, 1)
    assert config.tables.copy_reference
    assert config.privacy.k == 5
    assert config.write.ddl == "native"
    assert config == Config()


def test_a_flag_wins_over_the_file(write: Any) -> None:
    path = write("seed: 3\ntables: {include: [a, b], exclude: [c]}\n")
    config = load_config(path, {"seed": 7, "tables": {"include": ["z"]}})
    assert config.seed == 7
    assert config.tables.include == ["z"]
    assert config.tables.exclude == ["c"]


def test_a_section_without_content_means_its_default(write: Any) -> None:
    assert load_config(write("privacy:\ntables:\n  # include: [a]\nrows:\nseed:\n")) == Config()


def test_an_empty_file_means_the_defaults(write: Any) -> None:
    assert load_config(write("# nothing\n")) == Config()


def test_off_is_a_key_and_no_is_a_text(write: Any) -> None:
    config = load_config(write("rules:\n  off: [a]\n  enabled: false\nprivacy: {locale: no}\n"))
    assert config.rules.off == ["a"]
    assert config.privacy.locale == "no"


def test_a_table_may_be_called_by_a_number(write: Any) -> None:
    assert load_config(write("rows: {2024: 5}\n")).rows == {"2024": 5}


def test_every_problem_is_reported_with_its_line(write: Any) -> None:
    path = write(
        "sed: 1\n"
        "scale: 0\n"
        "rows: {film: x}\n"
        "tables:\n"
        "  strategies:\n"
        "    film: synthesise\n"
        "columns:\n"
        "  film.title: {sensitiv: true}\n"
        "learner: tree\n"
        "keys:\n"
        "  extra:\n"
        "    - {table: a, columns: [x, y], parent: c, parent_columns: [z]}\n"
        "seed: true\n"
        "seed: 1\n"
    )
    with pytest.raises(ConfigError) as error:
        load_config(path, {"write": {"ddl": "nativ"}})
    assert message(error, path) == (
        "dbclone.yaml has 9 problems:\n"
        '  line 1: sed: is not a known key. Did you mean "seed"?\n'
        "  line 2: scale: must be greater than 0, not 0.\n"
        '  line 3: rows.film: must be a whole number, not "x".\n'
        "  line 6: tables.strategies.film: must be one of synthesize, copy, mask, empty, skip,"
        ' not "synthesise". Did you mean "synthesize"?\n'
        '  line 8: columns.film.title.sensitiv: is not a known key. Did you mean "sensitive"?\n'
        "  line 9: learner: must be one of trees, independent, sdv:gaussian_copula, sdv:ctgan, sdv:tvae,"
        ' sdv:copulagan, not "tree". Did you mean "trees"?\n'
        "  line 12: keys.extra[0]: has 2 columns but 1 parent_columns.\n"
        "  line 14: seed: is set twice, first on line 13.\n"
        '  write.ddl: must be one of native, sqlalchemy, not "nativ". Did you mean "native"?'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("privcy: {k: 3}", 'dbclone.yaml, line 1: privcy: is not a known key.\n\nHint: Did you mean "privacy"?'),
        ("privacy: {k: 0}", "dbclone.yaml, line 1: privacy.k: must be at least 1, not 0."),
        ("privacy:\n  k: 2.5", "dbclone.yaml, line 2: privacy.k: must be a whole number, not 2.5."),
        ("scale: .inf", "dbclone.yaml, line 1: scale: must be a finite number, not inf."),
        ("scale: fast", 'dbclone.yaml, line 1: scale: must be a number, not "fast".'),
        ("seed: -1", "dbclone.yaml, line 1: seed: must be at least 0, not -1."),
        ("tables: film", 'dbclone.yaml, line 1: tables: must be a mapping, not "film".'),
        ("tables: {include: film}", 'dbclone.yaml, line 1: tables.include: must be a list, not "film".'),
        ("tables:\n  include:\n    - a\n    - 7", "dbclone.yaml, line 4: tables.include[1]: must be text, not 7."),
        ("write: {replace: 'yes'}", 'dbclone.yaml, line 1: write.replace: must be true or false, not "yes".'),
        (
            "keys: {extra: [{table: a, columns: [b], parent: c}]}",
            "dbclone.yaml, line 1: keys.extra[0].parent_columns: is missing.",
        ),
        (
            "privacy: {locale: german}",
            "dbclone.yaml, line 1: privacy.locale: must be a language or language_COUNTRY such as de or de_DE,"
            ' not "german".',
        ),
        ("- a", "dbclone.yaml: a config file is a mapping of keys, this is a list."),
        (
            "a: [1\nb: 2",
            "dbclone.yaml, line 2: this is not YAML: expected ',' or ']', but got ':'.\n\n"
            "Hint: indent with spaces, and quote text that holds : or #.",
        ),
    ],
)
def test_one_problem_reads_as_a_sentence(write: Any, text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert message(error, path) == said
    assert error.value.exit_code == 2


def test_an_override_has_no_line(write: Any) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write("scale: 2\n"), {"scale": -1.0})
    assert message(error) == "scale: must be greater than 0, not -1.0."


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "x.yaml")
    assert message(error, tmp_path / "x.yaml") == (
        "There is no config file dbclone.yaml.\n\nHint: dbclone init SOURCE writes one."
    )


def test_a_file_that_holds_itself_is_refused(write: Any) -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        load_config(write("tables: &a\n  include: *a\n"))


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().seed = 3  # type: ignore[misc]


def test_strategies_are_left_open_where_the_config_says_nothing() -> None:
    assert resolve_tables(Config(), SCHEMA) == {}


def test_include_exclude_and_strategies() -> None:
    config = load_config(
        None,
        {
            "tables": {
                "include": ["public.*"],
                "exclude": ["order_*"],
                "strategies": {"*": "empty", "customers": "copy"},
            }
        },
    )
    assert resolve_tables(config, SCHEMA) == {
        public("customers"): Strategy.COPY,
        public("order_items"): Strategy.SKIP,
        public("orders"): Strategy.EMPTY,
        TableName("old", "orders"): Strategy.SKIP,
    }


def test_unknown_names_are_reported_with_line_and_nearest_name(write: Any) -> None:
    path = write(
        "tables:\n"
        "  include: [order, public.orders]\n"
        "  strategies: {custmers: copy}\n"
        "rows: {zebra: 3}\n"
        "columns: {customers.mail: {sensitive: true}}\n"
        "keys:\n"
        "  ignore: [orders.customer]\n"
        "  extra: [{table: orders, columns: [id], parent: custom, parent_columns: [id]}]\n"
    )
    with pytest.raises(ConfigError) as error:
        resolve_tables(load_config(path), SCHEMA)
    assert message(error, path) == (
        "dbclone.yaml has 6 problems:\n"
        '  line 2: tables.include[0]: the source has no table order. Did you mean "orders"?\n'
        '  line 3: tables.strategies.custmers: the source has no table custmers. Did you mean "customers"?\n'
        "  line 4: rows.zebra: the source has no table zebra. Known: customers, public.customers, order_items,"
        " public.order_items, orders, public.orders, old.orders.\n"
        "  line 5: columns.customers.mail: the source has no column customers.mail."
        ' Did you mean "customers.email"?\n'
        "  line 7: keys.ignore[0]: the source has no column orders.customer."
        ' Did you mean "orders.customer_id"?\n'
        '  line 8: keys.extra[0].parent: the source has no table custom. Did you mean "customers"?'
    )


def test_rows_learners_and_columns_are_found_by_name() -> None:
    config = load_config(
        None,
        {
            "rows": {"orders": 10, "old.orders": 20},
            "learners": {"order*": "independent"},
            "columns": {"old.orders.when": {"meaning": "date"}, "customers.email": {"sensitive": False}},
        },
    )
    assert resolve_rows(config, SCHEMA) == {public("orders"): 10, TableName("old", "orders"): 20}
    assert resolve_learners(config, SCHEMA)[public("order_items")] == "independent"
    assert resolve_learners(config, SCHEMA)[public("customers")] == "trees"
    found = resolve_columns(config, SCHEMA)
    assert found[TableName("old", "orders"), "when"].meaning == "date"
    assert found[public("customers"), "email"].sensitive is False


def test_rows_of_a_table_that_is_left_out_are_no_mistake() -> None:
    less = Schema("postgresql", SCHEMA.tables[:1])
    config = load_config(None, {"rows": {"public.orders": 10}, "tables": {"exclude": ["orders"]}})
    assert resolve_rows(config, less) == {}
    with pytest.raises(ConfigError) as error:
        resolve_rows(load_config(None, {"rows": {"orders": 10}}), less)
    assert message(error) == (
        "rows.orders: the source has no table orders.\n\nHint: Known: customers, public.customers."
    )


def test_columns_of_a_table_that_is_left_out_are_no_mistake() -> None:
    config = load_config(None, {"columns": {"orders.id": {"sensitive": True}}})
    assert resolve_columns(config, Schema("postgresql", SCHEMA.tables[:1])) == {}


def test_names_may_hold_dots() -> None:
    schema = Schema("sqlite", (table("a.b", "c.d", schema="main"),), default_schema="main")
    assert find_column(schema, "a.b.c.d") == (TableName("main", "a.b"), "c.d")
    assert find_column(schema, "main.a.b.c.d") == (TableName("main", "a.b"), "c.d")
    assert find_column(schema, "a.b.c") is None


def test_the_starter_changes_nothing_until_a_key_is_switched_on(write: Any) -> None:
    text = starter_yaml("shop.db", [TableFacts("customers", 59, sensitive=(("email", "email"),))])
    assert load_config(write(text)) == Config()
    assert "#   customers  synthesize, 59 rows; sensitive: email (email)\n" in text


def test_every_key_of_the_starter_can_be_switched_on(write: Any) -> None:
    text = starter_yaml("shop.db", [])
    keys = "|".join(dotted.rpartition(".")[2] for dotted in every_key())
    switched = re.sub(rf"(?m)^( *)# ((?:{keys}): (?:[^ ]+|[\[{{].*))$", r"\1\2", text)
    config = load_config(write(switched))
    assert config.rows == {"orders": 1000}
    assert config.keys.extra[0].parent == "customers"
    assert set(config.model_fields_set) == set(Config.model_fields)


def every_key(section: Any = Config, prefix: str = "") -> list[str]:
    keys = []
    for name, info in section.model_fields.items():
        inner = getattr(info.annotation, "model_fields", None)
        keys += every_key(info.annotation, f"{prefix}{name}.") if inner else [prefix + name]
    return keys
