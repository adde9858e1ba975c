"""What a column is said to mean: by its name, by its content, and where the two disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from dbclone.profile.checksums import iban_check, is_card, is_iban, luhn_digit
from dbclone.profile.facts import Facts
from dbclone.profile.meanings import is_public, meaning_of, split_name
from dbclone.schema import Kind, Type

TEXT = Type(Kind.TEXT, "text")


def facts_of(values: Sequence[str], k: int = 5) -> Facts:
    counted = Counter(values).most_common()
    covered = sum(count for _, count in counted if count >= k) / max(1, len(values))
    texts, counts = tuple(text for text, _ in counted), tuple(count for _, count in counted)
    return Facts(len(values), 0, len(counted), covered, sum(count >= k for count in counts), texts, counts)


EMPTY = facts_of([])


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("billing_postal_code", ("billing", "postal", "code")),
        ("BillingPostalCode2", ("billing", "postal", "code", "2")),
        ("CustomerID", ("customer", "id")),
        ("HTTPServerName", ("http", "server", "name")),
        ("Straße", ("strasse",)),
        ("prénom", ("prenom",)),
    ],
)
def test_names_are_split_into_words(name: str, tokens: tuple[str, ...]) -> None:
    assert split_name(name) == tokens


@pytest.mark.parametrize(
    ("table", "column", "meaning", "prefix"),
    [
        ("customer", "first_name", "first_name", ""),
        ("kunde", "Vorname", "first_name", ""),
        ("customer", "LastName", "last_name", ""),
        ("customer", "email_address", "email", ""),
        ("customer", "ContactEmail", "email", "contact"),
        ("invoice", "billing_address", "street", "billing"),
        ("invoice", "BillingPostalCode", "postcode", "billing"),
        ("orders", "ship_city", "city", "ship"),
        ("customer", "phone2", "phone", ""),
        ("customer", "home_phone", "phone", ""),
        ("customers", "contact_name", "full_name", "contact"),
        ("customers", "company_name", "company", ""),
        ("users", "user_name", "username", ""),
        ("users", "password_hash", "password", ""),
        ("users", "reset_token", "token", ""),
        ("payments", "iban", "iban", ""),
        ("person", "SocialSecurityNumber", "national_id", ""),
        ("session", "ip_address", "ip", ""),
        ("session", "zip", "postcode", ""),
        ("film", "description", "prose", ""),
        ("film", "title", "title", ""),
        ("employee", "title", "job", ""),
        ("product", "sku", "code", ""),
        ("product", "product_name", "name", ""),
        ("genre", "name", "name", ""),
        ("supplier", "name", "company", ""),
        ("customer", "name", "full_name", ""),
        ("film", "rental_rate", None, ""),
        ("orders", "value_str", None, ""),
    ],
)
def test_names_speak_where_there_are_no_rows(table: str, column: str, meaning: str | None, prefix: str) -> None:
    found = meaning_of(table, column, TEXT, EMPTY)

    assert (found.name, found.prefix) == (meaning, prefix)


@pytest.mark.parametrize(
    ("column", "values", "meaning"),
    [
        ("x", ["ann@example.org", "bob@example.com"], "email"),
        ("contact", ["https://example.org/a", "http://example.com"], "url"),
        ("seen_from", ["192.0.2.1", "10.0.0.7", "2001:db8:0:0:0:0:0:1"], "ip"),
        ("device", ["02:00:5e:10:00:01", "02:00:5e:10:00:02"], "mac"),
        ("key", ["0b9f6a4e-3a47-4b5e-9a64-0d6d7d7e0f11"], "uuid"),
        ("data", ["image/png", "text/html"], "mime_type"),
        ("who", ["ACME\\anna", "ACME\\bob", "ACME\\carl"], "username"),
        ("origin", ["Germany", "France", "Italy", "Spain", "Peru"], "country"),
        ("who", ["Mary", "John", "James", "Linda", "Robert", "Susan", "David", "Karen", "Mark", "Laura"], "first_name"),
        (
            "who",
            [f"{a} {b}" for a in ("Mary", "John", "James") for b in ("Smith", "Jones", "Brown", "King")],
            "full_name",
        ),
    ],
)
def test_content_speaks_where_the_name_does_not(column: str, values: list[str], meaning: str) -> None:
    assert meaning_of("things", column, TEXT, facts_of(values)).name == meaning


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("product", "name", ["Chai", "Chang", "Aniseed Syrup", "Tofu"]),
        ("film", "title", ["ACADEMY DINOSAUR", "ACE GOLDFINGER", "MARY POPPINS"]),
        ("category", "name", ["Action", "Comedy", "Drama"]),
        ("newsletter", "email", ["yes", "no"] * 20),
        ("orders", "state", ["open", "shipped", "cancelled"] * 10),
        ("machine", "tin", ["grey", "blue"] * 10),
        ("playlist", "name", ["Music", "Movies", "90's Music"]),
    ],
)
def test_what_names_nobody_is_not_sensitive(table: str, column: str, values: list[str]) -> None:
    assert not meaning_of(table, column, TEXT, facts_of(values)).sensitive


def test_a_persons_name_that_no_list_knows_is_sensitive_all_the_same() -> None:
    values = ["Nguyễn Thị Hoa", "Trần Văn Bình", "Lê Quang Vinh", "Phạm Thu Hà"]

    assert meaning_of("customer", "name", TEXT, facts_of(values)).name == "full_name"


def test_dates_and_numbers_have_meanings_too() -> None:
    assert meaning_of("person", "date_of_birth", Type(Kind.DATE, "date"), EMPTY).name == "birth_date"
    assert meaning_of("store", "lat", Type(Kind.FLOAT, "float8"), EMPTY).name == "latitude"
    assert meaning_of("store", "state", Type(Kind.INTEGER, "int4"), EMPTY).name is None


def test_public_values_are_public_only_where_every_rare_one_is_known() -> None:
    assert is_public("country", facts_of(["Germany", "France", "Congo, The Democratic Republic of the"]), 5)
    assert not is_public("country", facts_of(["Germany", "Jane Roe's attic"]), 5)
    assert is_public("country", facts_of(["Germany", *["Atlantis"] * 5]), 5)
    assert not is_public("first_name", facts_of(["Mary"]), 5)


def test_checksums() -> None:
    assert is_card("4000 0000 0000 0002")
    assert not is_card("4000 0000 0000 0003")
    assert luhn_digit("7992739871") == "3"
    assert is_iban("DE89 3704 0044 0532 0130 00")
    assert iban_check("DE", "370400440532013000") == "89"
    assert not is_iban("DE89 3704 0044 0532 0130 01")
