"""A draft of the law: one file with what it changes, laid over the files of policy/.

`changes` has for each file what is different there, in the file's own schema. A mapping is laid into the
mapping; a list of dated values takes the draft's values at their months, in the place of one of the same
month; anything else is replaced. What the draft says is read and checked with all the rest, so that its
mistakes are those of any policy file, told at their places in the draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from libs.common.kernel.errors import FieldError, Refusal
from services.eligibility.domain.citations import DRAFT
from services.eligibility.domain.engine import Engine
from services.eligibility.store.policy_files import RULE_FOLDERS, load_files, parse_yaml, policy_of
from services.eligibility.store.policy_node import Findings, Node, refused
from services.eligibility.usecases.simulate import Draft

_NAME = "draft"
_TITLE_MAX = 200
#: Keys by which the values of a list are dated.
_DATES = ("from", "received_from")
#: Folders in which a draft may add a file.
_FOLDERS = tuple(f"{folder}/" for folder in (*RULE_FOLDERS, "local", "one_off"))


@dataclass
class _Laying:
    """The files with the draft laid over them, and where each changed place stands in the draft."""

    files: dict[str, object]
    origins: dict[str, str] = field(default_factory=dict)

    def lay(self, name: str, change: Node) -> None:
        if name not in self.files and not name.startswith(_FOLDERS):
            raise change.wrong("không có tệp chính sách này", "there is no such policy file")
        self.files[name] = self._merged(self.files.get(name), change, name)

    def _merged(self, there: object, change: Node, path: str) -> object:
        if isinstance(there, Mapping) and isinstance(change.value, Mapping):
            found = dict(there)
            for key, value in change.pairs():
                found[key] = self._merged(found.get(key), value, Node(there, path).at(key).path)
            return found
        if isinstance(there, list) and isinstance(change.value, list) and all(map(_date, there)):
            return self._in_order(there, change, path)
        self.origins[path] = change.path
        return change.value

    def _in_order(self, there: list[Any], change: Node, path: str) -> list[object]:
        """The law's values and the draft's in the order of their months."""
        laid: list[tuple[Any, str | None]] = [(value, None) for value in there]
        for item in change.items():
            month, only_if = _date(item.value), _only_if(item.value)
            laid = [
                (value, origin)
                for value, origin in laid
                if origin or _date(value) != month or _only_if(value) != only_if
            ]
            later = (at for at, (value, _) in enumerate(laid) if month and str(_date(value)) > str(month))
            laid.insert(next(later, len(laid)), (item.value, item.path))
        self.origins |= {f"{path}[{at}]": origin for at, (_, origin) in enumerate(laid) if origin}
        return [value for value, _ in laid]

    def told(self, error: FieldError) -> FieldError:
        """The same mistake at its place in the draft, where it stands there."""
        within = [path for path in self.origins if error.path.startswith(path)]
        best = max((path for path in within if error.path[len(path) :][:1] in ".[#"), key=len, default=None)
        if best is None:
            return error
        below = error.path[len(best) :].replace("#", ".", 1)
        return replace(error, path=self.origins[best] + below)


def read_draft(folder: Path, overlay: Path | None, text: str) -> Draft:
    """A draft laid over the policy of `folder` and its overlay.

    Refusal `policy_invalid` with everything that is wrong, at its place in the draft.
    """
    draft = Node(parse_yaml(text, _NAME, foreign=True), _NAME).fields("title changes", "note instruments")
    laying = _Laying(load_files(folder, overlay, Findings()))
    findings = Findings()
    for node in draft.mappings():
        if node.has("mark"):
            findings.attempt(node.at("mark").one_of, DRAFT)
    title = findings.attempt(_title, draft.at("title"))
    if draft.has("instruments"):
        findings.attempt(laying.lay, "instruments.yaml", draft.at("instruments"))
    for name, change in draft.at("changes").pairs():
        findings.attempt(laying.lay, name, change)
    try:
        policy = policy_of(laying.files, findings)
    except Refusal as refusal:
        raise refused([laying.told(error) for error in refusal.errors]) from None
    assert title is not None
    return Draft(title, Engine(policy))


def _title(node: Node) -> str:
    title = node.text()
    if len(title) > _TITLE_MAX or not title.isprintable():
        raise node.wrong(
            f"phải là một dòng chữ, tối đa {_TITLE_MAX} ký tự", f"one line of at most {_TITLE_MAX} characters"
        )
    return title


def _date(value: object) -> object:
    if not isinstance(value, Mapping):
        return None
    return next((value[key] for key in _DATES if key in value), None)


def _only_if(value: object) -> object:
    return value.get("only_if") if isinstance(value, Mapping) else None
