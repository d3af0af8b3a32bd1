"""What a CycloneDX bill of materials says, whichever way it is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from packageurl import PackageURL

from dinghai.evidence.gathering import Gathering
from dinghai.evidence.ratings import Rating, cves_in, rate

JSON_FORMAT = "cyclonedx-json"
XML_FORMAT = "cyclonedx-xml"
MEND = "make the bill of materials again with a current CycloneDX tool"
# An inventory states what is installed; a scanner's match inside it is by package and version.
_LISTED_CONFIDENCE_PPM = 950_000
_MATCHED_CONFIDENCE_PPM = 800_000
_CLEARED = ("not_affected", "false_positive", "resolved", "resolved_with_pedigree")
_METHODS = {"cvssv4": (4, 4), "cvssv31": (3, 3), "cvssv3": (3, 3), "cvssv2": (2, 2)}


@dataclass(frozen=True, slots=True)
class Component:
    """One component as the bill writes it; empty text where it says nothing."""

    reference: str
    line: int | None
    bom_ref: str
    group: str
    name: str
    version: str
    purl: str
    cpe: str
    raw: str

    @property
    def product(self) -> str:
        """Group and name as the ecosystems write them."""
        return f"{self.group}/{self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Stated:
    """One rating: method (CVSSv31 …), score, vector and the source's word."""

    method: str
    score: object
    vector: str
    word: str


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One vulnerability of the bill; ``affects`` are references to components, with the versions
    that are marked unaffected."""

    reference: str
    line: int | None
    identifier: str
    aliases: tuple[str, ...]
    ratings: tuple[Stated, ...]
    cwes: tuple[str, ...]
    state: str
    affects: tuple[tuple[str, frozenset[str]], ...]
    raw: str


class Bill:
    """Turns components and vulnerabilities into findings, and knows which belongs to which."""

    def __init__(self, gathering: Gathering, application: str) -> None:
        self._gathering = gathering
        self.application = application
        self.observed_at: datetime | None = None
        self._by_reference: dict[str, Component] = {}

    def describe(self, component: Component) -> None:
        """The bill's subject: it names the asset of every finding and is no finding itself."""
        if component.name:
            self.application = component.name
        self._remember(component)
        self._gathering.ignore(component.reference, "the application that the bill describes")

    def add(self, component: Component) -> None:
        """A component becomes a finding, or a rejection when it cannot be identified."""
        if not component.name:
            self._gathering.reject(component.reference, "the component has no name", MEND,
                                   component.line)
            return
        if component.purl and not _is_purl(component.purl):
            self._gathering.reject(component.reference, "purl is not a package URL",
                                   "expected pkg:type/namespace/name@version", component.line)
            return
        self._remember(component)
        label = " ".join(part for part in (component.product, component.version) if part)
        self._gathering.find(
            component.reference,
            kind="component",
            asset=self.application,
            title=label,
            product=component.product,
            version=component.version,
            purl=component.purl or None,
            cpe=(component.cpe,) if component.cpe else (),
            observed_at=self.observed_at,
            confidence_ppm=_LISTED_CONFIDENCE_PPM,
            raw=component.raw,
        )

    def report(self, vulnerability: Vulnerability, owner: Component | None = None) -> None:
        """A vulnerability becomes one finding for each component that it affects."""
        if not vulnerability.identifier:
            self._gathering.reject(vulnerability.reference, "the vulnerability has no id", MEND,
                                   vulnerability.line)
            return
        if owner is not None:
            self._found(vulnerability, vulnerability.reference, owner)
            return
        if not vulnerability.affects:
            self._found(vulnerability, vulnerability.reference, None)
        for number, (reference, unaffected) in enumerate(vulnerability.affects):
            place = f"{vulnerability.reference} affects[{number}]"
            component = self._resolve(reference)
            if component is None:
                self._gathering.reject(
                    place, f"it affects {reference or 'nothing'}, which the bill does not list",
                    "list the component, or mend the reference", vulnerability.line)
            elif component.version and component.version in unaffected:
                self._gathering.ignore(place, "the bill marks this version unaffected")
            else:
                self._found(vulnerability, place, component)

    def _found(
        self, vulnerability: Vulnerability, place: str, component: Component | None
    ) -> None:
        rating = best_rating(vulnerability.ratings)
        product = component.product if component else ""
        version = component.version if component else ""
        where = " ".join(part for part in (product or self.application, version) if part)
        self._gathering.find(
            place,
            kind="vulnerability",
            asset=self.application,
            title=f"{vulnerability.identifier} in {where}",
            product=product,
            version=version,
            purl=(component.purl or None) if component else None,
            cpe=(component.cpe,) if component and component.cpe else (),
            cves=cves_in([vulnerability.identifier, *vulnerability.aliases]),
            cwes=vulnerability.cwes,
            cvss=rating.cvss,
            cvss_vector=rating.vector,
            severity=rating.severity,
            severity_basis=rating.basis,
            rule=vulnerability.identifier,
            status="stated_not_affected" if vulnerability.state in _CLEARED else "observed",
            observed_at=self.observed_at,
            confidence_ppm=_MATCHED_CONFIDENCE_PPM,
            raw=vulnerability.raw,
        )

    def _remember(self, component: Component) -> None:
        for key in (component.bom_ref, component.purl):
            if key:
                self._by_reference.setdefault(key, component)

    def _resolve(self, reference: str) -> Component | None:
        """A bom-ref, a purl, or a BOM-Link (``urn:cdx:serial/version#bom-ref``)."""
        tail = unquote(reference.partition("#")[2]) if reference.startswith("urn:cdx:") else ""
        found = self._by_reference.get(reference) or self._by_reference.get(tail)
        if found is None and _is_purl(reference):
            package = PackageURL.from_string(reference)
            return Component(reference, None, reference, package.namespace or "", package.name,
                             package.version or "", reference, "", "")
        return found


def best_rating(stated: Iterable[Stated]) -> Rating:
    """The rating by the newest CVSS, the highest of several; else any word; else the convention.

    Scores of other methods (OWASP, SSVC) are not CVSS scores: only their word counts.
    """
    ranked: list[tuple[int, float, Rating]] = []
    for item in stated:
        rank, generation = _METHODS.get(item.method.replace(".", "").lower(), (0, 3))
        known = rank > 0 or not item.method
        rating = rate(score=item.score if known else None, vector=item.vector if known else "",
                      word=item.word, generation=generation)
        if rating.basis != "convention":
            order = rank * 10 + (5 if rating.basis == "cvss" else 0)
            ranked.append((order, rating.cvss or 0.0, rating))
    if not ranked:
        return rate()
    return max(ranked, key=lambda entry: entry[:2])[2]


def tool_names(tools: Sequence[Mapping[str, str]]) -> str:
    """``vendor name version`` of the tools that made the bill."""
    return ", ".join(
        " ".join(part for part in (tool.get("name", ""), tool.get("version", "")) if part)
        for tool in tools[:5]
    )


def _is_purl(text: str) -> bool:
    try:
        PackageURL.from_string(text)
    except ValueError:
        return False
    return True
