"""A product, or a policy of it, in one language: what every reading of the wording shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dinghai.documents.formats import joined
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.readings import Terms, coverage_name
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import typed
from dinghai.wording.policy import Policy, read_policy
from dinghai.wording.products import resolve
from dinghai.wording.schema import Product
from dinghai.wording.validity import validity_faults


@dataclass(frozen=True, slots=True)
class Reader:
    """The wording with its language; ``policy`` is None while nothing is agreed yet."""

    product: Product
    policy: Policy | None
    language: Language

    @property
    def terms(self) -> Terms:
        """Where agreed numbers come from."""
        return self.policy or self.product

    def say(self, code: str, **values: object) -> str:
        """The words of a code."""
        return phrase(code, self.language, **values)

    def pick(self, chinese: str, english: str) -> str:
        """One of two texts."""
        return pick(self.language, chinese, english)

    def list(self, parts: Iterable[str]) -> str:
        """A list within a sentence."""
        return joined(list(parts), self.language)

    def sentences(self, parts: Iterable[str]) -> str:
        """Sentences one after the other; empty ones are left out."""
        return ("" if self.language == "zh" else " ").join(part for part in parts if part)

    def clauses(self, parts: Iterable[str]) -> str:
        """Parts of one sentence."""
        return ("；" if self.language == "zh" else "; ").join(part for part in parts if part)

    def label(self, name: str, text: str) -> str:
        """``name: text``."""
        return f"{name}：{text}" if self.language == "zh" else f"{name}: {text}"

    def coverage(self, code: str) -> str:
        """The name of a section or tower."""
        return coverage_name(self.product, code, self.language)

    def grants(self, coverage: str) -> bool:
        """Whether the policy has the section; a product offers all of its own."""
        return self.policy is None or self.policy.grants(coverage)


def reader_of(source: JSON, language: Language) -> Reader:
    """The reader of a policy (dinghai.policy/1) or product (dinghai.product/1) document.

    Raises InputError for anything else, and for a product that cannot be decided by.
    """
    schema = source.get("schema") if isinstance(source, dict) else None
    if schema == "dinghai.policy/1":
        policy = read_policy(source, file="policy")
        return Reader(policy.product, policy, language)
    if schema == "dinghai.product/1":
        product = resolve(typed(source, Product, file="product"))
        faults = validity_faults(product)
        if faults:
            raise InputError.of(Fault(one.message, "product", None, one.field, one.mend)
                                for one in faults)
        return Reader(product, None, language)
    raise InputError("this is neither a policy nor a product", field="schema",
                     mend="give a policy or a product: dinghai.policy/1 or dinghai.product/1")
