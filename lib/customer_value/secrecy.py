"""Values of environment variables that must never be written down.

A variable that the settings name under a key ending in ``_env`` holds a path or an address. Whatever is read
from it is called by the variable's name (``$ORDERS_FILE``), so that no text of ours holds the value. Two things
are left to do here. Messages of other programs (drivers, engines, the system, tracebacks) may repeat it: they
go through `redacted` before they become part of a sentence, a log or a notebook that is kept. And a notebook may
print it: `variable_shown_in` finds that in a finished file, which is then not published.

What counts as secret:

- an address (with ``://``) as a whole, its part with user and password, the password alone, and values of
  parameters named like ``token`` or ``password``;
- a path with a folder in it, as written, absolute, and with its links followed; of a pattern every path that
  fits; in messages of other programs its folder alone, too;
- a file name without a folder, or any other value, if it has 20 or more characters.

A file's plain name (``orders.csv``) is no secret, and its folder alone is not looked for in pages. A password
that could be a word or a number of a page (letters or digits alone, fewer than 16, or fewer than 6 characters)
is looked for in pages only within its address, and taken out of messages only where it stands as a word of its
own. Inside compressed files and pictures nothing is looked for.
"""

from __future__ import annotations

import html
import json
import mmap
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from urllib.parse import parse_qsl, quote, unquote, urlsplit

__all__ = ["redacted", "remember", "secret", "shows_secret", "variable_shown_in"]

SHORTEST_PASSWORD = 4
"""Shorter passwords are not looked for outside of their address: they occur in any text."""

_LONG, _LONG_WORD, _TELLING = 20, 16, 6
_PARAMETER = re.compile(r"token|pass|pwd|secret|key|sig", re.IGNORECASE)
_WILD = re.compile(r"[*?\[]")
_named: dict[tuple[str, str], None] = {}


def secret(variable: str, base: Path | None = None) -> str:
    """The value of an environment variable without outer blanks, which is secret from now on.

    Parameters
    ----------
    variable
        Its name; an unset one has an empty value.
    base
        Folder that a relative path in it starts from.
    """
    _named[variable, str(base or Path())] = None
    return os.environ.get(variable, "").strip()


def remember(settings: object, base: Path) -> None:
    """Keep secret what the variables hold that settings name, also before it is read.

    Parameters
    ----------
    settings
        As Pydantic dumps them: nested dictionaries and lists.
    base
        Folder of the settings file.
    """
    for variable in _variables(settings):
        secret(variable, base)


def redacted(text: str) -> str:
    """What another program says, with the names of variables in place of their values.

    Parameters
    ----------
    text
        Plain or escaped: as HTML, JSON, `repr`, SQL or part of an address.

    Examples
    --------
    >>> os.environ["SHOP"] = "db://me:s3cret@host/x"
    >>> secret("SHOP") == os.environ["SHOP"]
    True
    >>> redacted("cannot open db://me:s3cret@host/x: s3cret is wrong")
    'cannot open $SHOP: $SHOP is wrong'
    """
    for secret_ in _secrets():
        text = secret_.pattern.sub(rf"\g<before>${secret_.variable}", text)
    return text


def shows_secret(text: str) -> bool:
    """Whether a text of the user's holds the secret of a variable, as `variable_shown_in` finds it in a file."""
    return any(each.pattern.search(text) for each in _secrets() if each.certain)


def variable_shown_in(path: Path) -> str | None:
    """The variable whose secret a file shows, plain or escaped; None if there is none.

    Parameters
    ----------
    path
        The file, of whatever kind; its bytes are searched.
    """
    secrets = [each for each in _secrets() if each.certain]
    if not secrets or not path.stat().st_size:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return next((each.variable for each in secrets if each.is_in(content)), None)


@dataclass(frozen=True)
class _Secret:
    """One text that must not be shown.

    Parameters
    ----------
    certain
        Whether it can be nothing else than the secret wherever it stands.
    wild
        Whether it is a pattern of paths.
    alone
        Whether it is a folder that is secret only where no path goes on behind it.
    """

    variable: str
    text: str
    certain: bool = True
    wild: bool = False
    alone: bool = False

    @property
    def forms(self) -> list[str]:
        """The text as it is and as it is escaped, longest first."""
        text, raw = self.text, os.fsencode(self.text)
        ascii_json, any_json = json.dumps(text), json.dumps(text, ensure_ascii=False)
        single = text.replace("'", "&#39;")
        written = {
            text, unquote(text), html.escape(text), html.escape(text, quote=False), html.escape(single, quote=False),
            html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;"), ascii_json[1:-1],
            any_json[1:-1], repr(text)[1:-1], text.replace("'", "''"), quote(raw), quote(raw, safe=""),
            quote(raw, safe="/:@"),
        }  # fmt: skip
        return sorted(written, key=lambda form: (-len(form), form))

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds it in a text."""
        return _pattern(self)

    def is_in(self, content: mmap.mmap) -> bool:
        """Whether bytes hold it; a quick search comes first, as most hold nothing."""
        start = [_fixed_start(form) if self.wild else form for form in self.forms]
        if all(content.find(form.encode("utf-8", "surrogateescape")) < 0 for form in start):
            return False
        pattern = self.pattern.pattern.encode("utf-8", "surrogateescape")
        return re.search(pattern, content) is not None


@lru_cache(maxsize=256)
def _pattern(secret_: _Secret) -> re.Pattern[str]:
    as_regex = _wild_regex if secret_.wild else re.escape
    forms = "|".join(as_regex(form) for form in secret_.forms)
    before = r"(?P<before>)" if secret_.certain or secret_.alone else r"(?P<before>\x1b\[[\d;]*m|(?<!\w))"
    after = r"(?![/\w])" if secret_.alone else r"(?!\w)"
    return re.compile(f"{before}(?:{forms}){after}")


def _wild_regex(form: str) -> str:
    r"""What fits a pattern of paths.

    >>> _wild_regex("/data/*/a?.csv")
    '/data/[^/\\s]*/a[^/\\s]\\.csv'
    """
    parts = re.split(r"(\*|\?|\[[^\]]*\])", form)
    kinds = {"*": r"[^/\s]*", "?": r"[^/\s]"}
    return "".join(kinds.get(part) or (r"[^/\s]" if part[:1] == "[" else re.escape(part)) for part in parts)


def _fixed_start(form: str) -> str:
    return _WILD.split(form, maxsplit=1)[0]


def _variables(values: object) -> Iterator[str]:
    if isinstance(values, dict):
        for key, value in values.items():
            if str(key).endswith("_env") and value:
                yield str(value)
            else:
                yield from _variables(value)
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _variables(value)


def _secrets() -> list[_Secret]:
    """All that is to be kept now, longest first."""
    held = [(name, os.environ.get(name, "").strip(), base) for name, base in list(_named)]
    return _known(tuple((name, value, base) for name, value, base in held if value))


@lru_cache(maxsize=8)
def _known(held: tuple[tuple[str, str, str], ...]) -> list[_Secret]:
    found = {
        found.text: found
        for name, value, base in held
        for found in (_of_address(name, value) if "://" in value else _of_path(name, value, Path(base)))
    }
    return sorted(found.values(), key=lambda found: (found.alone, -len(found.text), found.text))


def _of_address(variable: str, value: str) -> Iterator[_Secret]:
    yield _Secret(variable, value)
    try:
        parts = urlsplit(value)
        password, place = parts.password or "", parts.netloc
    except ValueError:
        return
    if password:
        yield _Secret(variable, place)
    more = [text for name, text in _parameters(value) if _PARAMETER.search(name)]
    for word in dict.fromkeys((password, unquote(password), *more)):
        if len(word) >= SHORTEST_PASSWORD:
            yield _Secret(variable, word, certain=_telling(word))


def _parameters(value: str) -> Iterable[tuple[str, str]]:
    """What stands behind the place: ``?name=value&…``, or ``/;name=value;…`` as Spark has it."""
    tail = re.split(r"[?;]", value, maxsplit=1)
    return parse_qsl(tail[1].replace(";", "&"), keep_blank_values=True) if len(tail) > 1 else ()


def _of_path(variable: str, value: str, base: Path) -> Iterator[_Secret]:
    path = base / (Path(value).expanduser() if value.startswith("~/") else value)
    wild = _WILD.search(value) is not None and not _exists(path)
    if len(PurePath(value).parts) > 1 or len(value) >= _LONG:
        yield _Secret(variable, value, wild=wild)
    for whole in dict.fromkeys((path, path.absolute(), path.absolute() if wild else _followed(path))):
        if len(whole.parts) > 2:
            yield _Secret(variable, str(whole), wild=wild)
        folder = whole.parent
        ours = base.absolute().is_relative_to(folder) or _followed(base).is_relative_to(folder)
        if len(folder.parts) > 2 and not ours and not _WILD.search(str(folder)):
            yield _Secret(variable, str(folder), certain=False, alone=True)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _followed(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path.absolute()


def _telling(word: str) -> bool:
    """Whether a password can be nothing else in a text."""
    plain = word.isalpha() or word.isdecimal()
    return len(word) >= (_LONG_WORD if plain else _TELLING)
