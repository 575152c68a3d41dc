"""Settings and other YAML files that nobody in his right mind writes: one sentence each, at once."""

import os

import pytest

from customer_value.config import load_settings
from customer_value.errors import ConfigError
from customer_value.guess.layout_files import load_layout
from customer_value.rfm import read_policy
from customer_value.yaml_file import MOST_BYTES, read_bounded, read_yaml

SMALL = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, amount: net}
"""
DOUBLED = "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
MERGED = "".join(f"a{n}: &a{n} {{? !!merge << : [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"a0: &a0 [x]\n{DOUBLED}",
            "line 5: its aliases (*name) stand for more than 50,000 keys and values.",
        ),
        (f"a0: &a0 {{k: 1}}\n{MERGED}", "line 5: its aliases (*name) stand for more than 50,000"),
        ("x: &a [*a]\n", "line 5: an anchor contains itself."),
        ("x: &a {? *a : 1}\n", "line 5: a key is a list or has keys of its own."),
        ("x: " + "[" * 10_000, "line 5: it nests deeper than 50 levels."),
        ("x: [" + "a," * 60_000 + "]", "line 5: it holds more than 50,000 keys and values."),
        ("# " + "x" * MOST_BYTES, "my.yml has more than 2 MB, as no settings have; is it another file?"),
        ("x: !!python/object/apply:os.system ['id']\n", "line 5: could not determine a constructor"),
        ("---\ncurrency: USD\n", "line 5: but found another document"),
        ("\tx: 1\n", "line 5: found character"),
        (
            "pareto: {seed: 1" + "0" * 5_000 + "}\n",
            "line 5: '100000000000000000000000000000000000000… cannot",
        ),
        ("pareto: {seed: -1}\n", "line 5: pareto.seed: input should be greater than or equal to 0"),
        ("clv: {discount_rate: .inf}\n", "line 5: clv.discount_rate: input should be a valid number"),
        ("clv: {discount_rate: nan}\n", "line 5: clv.discount_rate: input should be a finite number"),
        ("as_of: 9999-12-31\n", "line 5: as_of: needs a day from 1900 to 2199"),
        ("title: !!bool perhaps\n", "line 5: 'perhaps' cannot be read as true or false."),
        ('title: "a\\0b"\n', "line 5: the character U+0000 cannot stand in a text."),
        ('title: "\\ud800"\n', "line 5: the character U+D800 cannot stand in a text."),
        ('title: "\\U00110000"\n', "line 5: '\\U' is followed by no character's number."),
        ("title: a\0b\n", "line 5: the character U+0000 cannot stand in it; save it as UTF-8 text."),
        ("1: 2\n", "line 5: 1 is no name of a setting."),
        ("title: " + "x" * 100_000, "(given: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…)."),
        ("clv: &c {horizon_months: 12}\nrfm: {<<: *c}\n", "line 6: unknown key 'rfm.<<'"),
    ],
)
def test_a_strange_file_gets_one_sentence_with_its_line(tmp_path, text, sentence):
    path = tmp_path / "my.yml"
    path.write_text(SMALL + text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert message.startswith("my.yml")
    assert sentence in message.replace("…'", "…")
    assert len(message) < 400
    assert "\n" not in message


def test_anchors_that_are_used_in_measure_work(tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(f"{SMALL}  exclude:\n    - &e {{column: c, is: a}}\n    - *e\n", encoding="utf-8-sig")
    assert [exclusion.column for exclusion in load_settings(path).orders.exclude] == ["c", "c"]


def test_other_files_in_yaml_are_bounded_alike(tmp_path):
    (tmp_path / "my.yml").write_text(f"name: &a0 x\n{DOUBLED}")
    with pytest.raises(ConfigError, match=r"my\.yml, line \d+: its aliases .* stand for more than"):
        load_layout(tmp_path / "my.yml")
    with pytest.raises(ConfigError, match=r"items\.yml, line \d+: its aliases .* stand for more than"):
        read_yaml(f"name: &a0 x\n{DOUBLED}".encode(), "items.yml")


def test_a_device_that_never_ends_is_no_settings_file(tmp_path):
    (tmp_path / "my.yml").symlink_to("/dev/zero")
    with pytest.raises(
        ConfigError, match=r"my\.yml cannot be read: it is a pipe or device; save what it gives"
    ):
        load_settings(tmp_path / "my.yml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_no_file_named_by_settings_or_command_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for read in (load_settings, load_layout, read_policy):
        with pytest.raises(ConfigError, match="pipe cannot be read: it is a pipe or device"):
            read(tmp_path / "pipe")


def test_what_is_too_long_for_settings_is_read_no_further(tmp_path):
    with (tmp_path / "my.yml").open("wb") as file:
        file.truncate(MOST_BYTES * 3)
    assert len(read_bounded(tmp_path / "my.yml")) == MOST_BYTES + 1
    for read in (load_settings, read_policy):
        with pytest.raises(ConfigError, match="more than 2 MB"):
            read(tmp_path / "my.yml")
