"""A policy in force and the example's incident, made without the rooms below."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    Party,
    Schedule,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.policy import Policy as Contract
from dinghai.wording.products import load_product
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, DecisionRecord, Incident
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation, StoredFile
from dinghai_platform.underwriting.models import Assessment, Case, Dossier, Policy, Quote
from tests.making import EXPLAINED, make_policy
from tests.platform.story import World, stand_at

INCIDENT = Path(__file__).resolve().parents[3] / "examples/donghai/incident"
UNEXPLAINED = "EX-UNAPPROVED"


def standard_contract(*, explain_all: bool = False) -> Contract:
    """The shipped product in force; one exclusion is not explained."""
    policy = make_policy(aggregate=1_000_000_000, deductible=10_000_000, explain=False)
    keys = {term.key for term in terms_to_explain(policy)}
    return make_policy(aggregate=1_000_000_000, deductible=10_000_000,
                       explain=keys if explain_all else keys - {UNEXPLAINED})


def programme_contract(*, unexplained: tuple[str, ...] = ()) -> Contract:
    """A chain owner's programme with two members: owner, supplier and insurer bear 20, 10, 70."""
    product = load_product("supply-chain-programme")
    aggregate = 5_000_000_000
    policy = bind(product, Schedule(
        policy_no="CL-2026-000001", applicant=Party(name_zh="东海家电"),
        insured=Party(name_zh="东海家电"), insurer=Party(name_zh="沧澜财产保险"),
        inception=date(2026, 4, 1), expiry=date(2027, 3, 31), aggregate_limit_fen=aggregate,
        each_event_limit_fen=aggregate, event_deductible_fen=5_000_000,
        retroactive_date=date(2026, 4, 1), suppliers=("精工模具厂",),
        members=(Party(name_zh="甲配件厂", name_en="Jia Parts", id="A"),
                 Party(name_zh="乙电机厂", name_en="Yi Motors", id="B")),
        sections=scheduled_sections(product, aggregate),
        layers=scheduled_layers(product, aggregate)))
    keys = tuple(term.key for term in terms_to_explain(policy) if term.key not in unexplained)
    return with_explanations(policy, keys, EXPLAINED)


def policy_row(world: World, *, explain_all: bool = False, number: str = "CL-2026-000001",
               contract: Contract | None = None) -> Policy:
    """A policy in force with everything it hangs on; one exclusion is not explained."""
    made = contract or standard_contract(explain_all=explain_all)
    document = made.to_dict()
    document["schedule"]["policy_no"] = number
    mine = {"tenant": world.insurer, "insured": world.donghai}
    case = Case.objects.create(**mine, number=f"C-{number}", title="东海家电")
    source = StoredFile.objects.create(tenant=world.insurer, sha256="0" * 64, name="d.zip",
                                       media_type="application/zip", size=0, bytes_in_row=b"")
    dossier = Dossier.objects.create(**mine, case=case, version=1, state="sealed", source=source,
                                     source_sha256="0" * 64)
    assessment = Assessment.objects.create(
        **mine, case=case, dossier=dossier, as_of=date(2026, 3, 11), kev_as_of=date(2025, 8, 25),
        document={}, document_hash="0" * 64, score_ppm=700_000, grade="C", outcome="quote",
        confidence_ppm=600_000)
    product, _made = ProductVersion.objects.within(world.insurer).get_or_create(
        tenant=world.insurer, product_id=made.product.product_id, version="1.0.0",
        defaults={"name_zh": "标准型", "name_en": "Standard", "document": {},
                  "document_hash": "0" * 64, "status": "in_use"})
    quote = Quote.objects.create(
        **mine, case=case, assessment=assessment, product=product, number=f"Q-{number}",
        state="accepted", document={}, document_hash="0" * 64, policy_document=document,
        inception=date(2026, 4, 1), expiry=date(2027, 3, 31), limit_fen=1_000_000_000,
        deductible_fen=10_000_000, expected_loss_fen=0, technical_fen=0, charged_fen=8_000_000,
        vat_fen=480_000, gross_fen=8_480_000, adequacy_ppm=1_000_000, market_factor_ppm=1_000_000)
    return Policy.objects.create(
        **mine, case=case, quote=quote, applicant=world.donghai, policy_no=number,
        state="in_force", document=document, document_hash=made.hash, inception=date(2026, 4, 1),
        expiry=date(2027, 3, 31), aggregate_limit_fen=1_000_000_000, net_premium_fen=8_000_000,
        vat_fen=480_000, gross_premium_fen=8_480_000)


@dataclass
class Example:
    """The example's incident as data, with references of evidence once it is handed in."""

    data: dict[str, Any]
    references: dict[str, str] = field(default_factory=dict)

    def facts(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Facts with references of evidence in place of file names."""
        return {name: {**entry, "evidence": [self.references[one]
                                             for one in entry.get("evidence", [])]}
                for name, entry in raw.items()}


def example() -> Example:
    """The incident of examples/donghai."""
    return Example(tomllib.loads((INCIDENT / "incident.toml").read_text("utf-8")))


@dataclass
class Scene:
    """One claim on its way, with everybody who takes part."""

    world: World
    policy: Policy
    story: Example
    provider: Organisation
    adjuster: Organisation
    incident: Incident | None = None

    def actor(self, role: str) -> Actor:
        """Somebody in a role, at the organisation that has it in this story."""
        home = {"ir_lead": self.provider, "loss_adjuster": self.adjuster}.get(role)
        return self.world.actor(role, home)

    @property
    def claim(self) -> Claim:
        """The claim as it is now."""
        assert self.incident is not None
        return Claim.objects.within(self.world.insurer).get(incident=self.incident)

    def report(self) -> Incident:
        """The insured reports."""
        stand_at("2026-09-07T11:00:00")
        report = self.story.data["report"]
        self.incident = services.report_incident(
            self.policy, title=report["title_zh"], description=report["description"],
            occurred_at=datetime.fromisoformat(report["occurred_at"]),
            discovered_at=datetime.fromisoformat(report["discovered_at"]),
            contact=report["contact"], facts=report["facts"], actor=self.actor("insured_admin"))
        return self.incident

    def hand_in(self, *, supplement: bool = False) -> None:
        """The insured hands in evidence."""
        assert self.incident is not None
        for entry in self.story.data["evidence"]:
            if entry.get("supplement", False) is supplement:
                content = (INCIDENT / "evidence" / entry["file"]).read_bytes()
                made = services.add_evidence(
                    self.incident, content, name=entry["file"], kind=entry["kind"],
                    media_type="text/plain", actor=self.actor("insured_admin"))
                self.story.references[entry["file"]] = made.reference

    def register(self) -> Claim:
        """The handler registers and enters facts and items."""
        handler = self.actor("claims_handler")
        services.register_claim(self.claim, reserve_fen=400_000_000, actor=handler)
        services.set_facts(self.claim, self.story.facts(self.story.data["facts"]), actor=handler)
        for item in self.story.data["items"]:
            services.add_item(self.claim, item["coverage"], description=item["description"],
                              facts=self.story.facts(item["facts"]), actor=handler)
        return self.claim

    def supplement(self) -> Claim:
        """Asked once, answered, entered."""
        handler = self.actor("claims_handler")
        services.request_evidence(self.claim, actor=handler)
        stand_at("2026-09-25T10:00:00")
        self.hand_in(supplement=True)
        services.receive_evidence(self.claim, actor=self.actor("insured_admin"))
        for item, entry in zip(self.claim.items.all(), self.story.data["items"], strict=True):
            if "supplement" in entry:
                services.set_item_facts(item, self.story.facts(entry["supplement"]),
                                        actor=handler)
        return self.claim

    def quantify(self) -> Claim:
        """The adjuster surveys and fixes the amounts."""
        services.appoint_adjuster(self.claim, self.adjuster, actor=self.actor("claims_handler"))
        adjuster = self.actor("loss_adjuster")
        services.survey_claim(self.claim, actor=adjuster, note="现场查勘")
        return services.quantify_claim(self.claim, actor=adjuster, note="金额核定")

    def decide(self) -> DecisionRecord:
        """From the report to the issued decision."""
        self.report()
        self.hand_in()
        self.register()
        stand_at("2026-09-15T10:00:00")
        self.supplement()
        self.quantify()
        stand_at("2026-10-10T10:00:00")
        services.adjudicate_claim(self.claim, actor=self.actor("claims_handler"))
        stand_at("2026-10-12T10:00:00")
        return services.approve_claim(self.claim, actor=self.actor("claims_approver"))


def make_scene(world: World, **policy: Any) -> Scene:
    """A policy in force, a provider and an adjuster, and the story not yet begun."""
    kinds = Organisation.Kind
    provider = Organisation.objects.create(kind=kinds.PROVIDER, name_zh="磐石网络安全")
    adjuster = Organisation.objects.create(kind=kinds.ADJUSTER, name_zh="顺衡保险公估")
    for one in (provider, adjuster):
        Relation.objects.create(tenant=world.insurer, organisation=one)
    return Scene(world, policy_row(world, **policy), example(), provider, adjuster)
