"""Insurer A's whole story in rows: what foreign people must not see and their own can open.

`built()` makes it once for a module, inside a transaction that is undone at the end. A test that
is marked `django_db` works in a savepoint of its own above it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings

from dinghai.experience.pool_records import template
from dinghai_platform.actuarial.services.drafts import (
    NewFigure,
    change_figures,
    draft_version,
)
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.catalogue.models import FeedTable
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.claims.services import (
    adjudicate_claim,
    approve_claim,
    dispatch_response,
    triage_incident,
)
from dinghai_platform.core import audit, clock, jobs, services, tokens
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import (
    AuditEntry,
    Job,
    Membership,
    Organisation,
    Relation,
    StoredFile,
)
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.monitoring.services.feeds import load_feed
from dinghai_platform.pool.services.contributions import contribute_file
from dinghai_platform.pool.services.members import admit_member, open_pool
from dinghai_platform.residents.models import Certificate, Enrolment, PaperPart
from dinghai_platform.residents.services.changes import Asked, apply_changes, take_changes
from dinghai_platform.residents.services.links import make_link
from dinghai_platform.residents.services.lists import issue_list, take_list
from dinghai_platform.residents.services.papers import order_papers
from dinghai_platform.residents.services.sales import sell
from dinghai_platform.residents.services.schemes import open_scheme
from dinghai_platform.residents.services.streams import open_stream
from dinghai_platform.small_firms.models import RenewalRun
from dinghai_platform.small_firms.services.links import make_link as make_firm_link
from dinghai_platform.small_firms.services.months import month_of, run_months
from dinghai_platform.underwriting.models import Dossier, Policy
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.disputes import dispute_finding
from dinghai_platform.underwriting.services.dossiers import archive_of_folder, import_dossier
from dinghai_platform.underwriting.services.history import state_years
from dinghai_platform.underwriting.services.papers import make_policy_papers
from dinghai_platform.underwriting.services.screenings import record_screening
from dinghai_platform.underwriting.services.treatment import plan_treatment
from tests.platform.actuarial.fit_making import fitted
from tests.platform.chains import making as chain_making
from tests.platform.claims.making import Scene, example
from tests.platform.core import handlers_for_tests
from tests.platform.parks import making as park_making
from tests.platform.programmes import making as programme_making
from tests.platform.resident_claims import making as resident_claim_making
from tests.platform.residents.conftest import SCHEME as RESIDENT_SCHEME
from tests.platform.residents.conftest import buyer as resident_buyer
from tests.platform.residents.conftest import listed
from tests.platform.residents.conftest import row as resident_row
from tests.platform.small_firms import making as small_firm_making
from tests.platform.story import EXAMPLE, World, make_world, stand_at, work
from tests.platform.subsidies import making as subsidy_making
from tests.platform.underwriting.way import policy_in_force

assert handlers_for_tests
STANDING = "dinghai_platform.core.clock.StandingClock"
LAST_DAY = "2026-10-13T09:00:00"


@dataclass
class Scenery:
    """The people, and under a name every object an address may ask for."""

    world: World
    homes: dict[str, Organisation]
    objects: dict[str, Any] = field(default_factory=dict)
    signed_in: dict[tuple[str, Organisation | None], str] = field(default_factory=dict)
    """Session keys of people who came before the tests, whose own sign-ins are undone."""

    def key(self, name: str) -> str:
        """What stands in an address for the object of that name."""
        thing = self.objects[name]
        return str(getattr(thing, "pk", thing))

    def actor(self, role: str, *, home: Organisation | None = None) -> Actor:
        """Somebody in a role, at the organisation that has the role in this story."""
        if role == "operator":  # the administrator of the organisation that runs the site
            role, home = "platform_admin", audit.platform_organisation()
        return self.world.actor(role, home or self.homes.get(role))

    def browser(
        self, role: str | None, *, home: Organisation | None = None,
        language: str = "zh-hans", **options: Any,
    ) -> Client:
        """The browser of somebody in a role; of a stranger without one."""
        client = Client(headers={"accept-language": language}, **options)
        if (role, home) in self.signed_in:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.signed_in[role, home]
        elif role is not None:
            client.force_login(
                self.actor(role, home=home).user,
                backend="django.contrib.auth.backends.ModelBackend",
            )
        return client

    def sign_in(self, people: Iterable[tuple[str, Organisation | None]]) -> None:
        """Sign people in before the tests begin, so that none of these has to."""
        for role, home in people:
            client = self.browser(role, home=home)
            self.signed_in[role, home] = client.cookies[settings.SESSION_COOKIE_NAME].value

    def foreign_home(self, role: str) -> Organisation:
        """Where the same role sits on the other side: the other insurer, or the other insured."""
        if role in self.homes:
            return self.homes[f"other {role}"]
        of_insured = role.startswith("insured")
        return self.world.stranger if of_insured else self.world.other_insurer

    def bearer(self, role: str, *, home: Organisation | None = None) -> str:
        """A token with all that the role may do."""
        actor = self.actor(role, home=home)
        membership = Membership.objects.get(
            user=actor.user, organisation=actor.organisation, role=role
        )
        _token, secret = tokens.issue_token(
            membership, name="test", scopes=["*"], days=30, actor=actor
        )
        return secret


@contextlib.contextmanager
def built() -> Iterator[Scenery]:
    """The scenery, made and undone."""
    with override_settings(DINGHAI_CLOCK=STANDING), transaction.atomic():
        try:
            yield make_scenery()
        finally:
            transaction.set_rollback(True)
            _clock_file().unlink(missing_ok=True)


def _clock_file() -> Any:
    return settings.DINGHAI_HOME / "clock"


def make_scenery() -> Scenery:
    """From the dossier to an issued decision, and one of everything else."""
    stand_at("2026-03-11T10:00:00")
    world = make_world()
    homes = {
        "ir_lead": _partner(world, "provider", "磐石网络安全"),
        "loss_adjuster": _partner(world, "adjuster", "顺衡保险公估"),
        "regulator_nfra": Organisation.objects.create(kind="regulator", name_zh="金融监管局"),
        "regulator_miit": Organisation.objects.create(kind="regulator", name_zh="工信主管部门"),
        "other regulator_miit": Organisation.objects.create(kind="regulator", name_zh="他地工信"),
        "other ir_lead": Organisation.objects.create(kind="provider", name_zh="别家安全"),
        "other loss_adjuster": Organisation.objects.create(kind="adjuster", name_zh="别家公估"),
        "other regulator_nfra": Organisation.objects.create(kind="regulator", name_zh="他地监管"),
        "resident": Organisation.objects.create(kind="park", name_zh="某园区"),
    }
    scenery = Scenery(world, homes)
    _underwrite(scenery)
    _watch(scenery)
    _settle(scenery)
    _rate(scenery)
    _keep(scenery)
    stand_at(LAST_DAY)
    _pool(scenery)
    _chain(scenery)
    _residents(scenery)
    scenery.objects |= subsidy_making.scene(
        scenery.world, homes["regulator_miit"], scenery.objects["policy"])
    _park(scenery)
    _small_firms(scenery)
    return scenery


def _partner(world: World, kind: str, name: str) -> Organisation:
    made = Organisation.objects.create(kind=kind, name_zh=name)
    Relation.objects.create(tenant=world.insurer, organisation=made)
    return made


def _underwrite(scenery: Scenery) -> None:
    world = scenery.world
    underwriter = world.actor("underwriter")
    product = release_product(
        install_product("cyber-comprehensive-standard", actor=world.system), actor=world.system
    )
    case = open_case(world.donghai, title="东海家电 2026", actor=underwriter)
    started = import_dossier(
        case, archive_of_folder(EXAMPLE), name="donghai.zip", actor=underwriter
    )
    work()
    dossier = Dossier.objects.within(world.insurer).get(pk=started.pk)
    policy = policy_in_force(dossier, product, world)
    papers = make_policy_papers(policy, actor=underwriter, languages=("zh",))
    plan = plan_treatment(policy.quote.assessment, product, actor=underwriter)
    finding = dossier.findings.first()
    scenery.objects |= {
        "case": case, "dossier": dossier, "product": product, "policy": policy,
        "quote": policy.quote, "assessment": policy.quote.assessment, "plan": plan,
        "fix": plan.fixes.first(), "finding": finding, "reading_of_file": finding.reading,
        "dispute": dispute_finding(finding, reason="误报", actor=world.actor("insured_admin")),
        "explanation": policy.quote.explanations.first(), "paper": papers[0],
        "insured": world.donghai,
        "screening": record_screening(
            case, lists=["名单甲"], screened_on=clock.today(), result="clear", reference="S-1",
            evidence=(b"seen", "found.txt"), actor=world.actor("underwriter")),
        "history": state_years(
            case, first=clock.today() - timedelta(days=900), last=clock.today(), uses_held=True,
            base=0, actor=world.actor("underwriter")),
    }


def _watch(scenery: Scenery) -> None:
    world = scenery.world
    stand_at("2026-04-20T09:00:00")
    kev = files("dinghai.data").joinpath("feeds/kev_2026-04-16.csv").read_bytes()
    load_feed(kev, name="kev.csv", kind="kev", as_of=date(2026, 4, 16),
              actor=world.actor("underwriter"))
    work()
    policy: Policy = scenery.objects["policy"]
    scenery.objects |= {
        "feed": FeedTable.objects.within(world.insurer).first(),
        "monitoring_reading": policy.readings.first(), "notice": policy.notices.first(),
        "monitored_finding": policy.monitored_findings.first(),
        "proposal": policy.float_proposals.first(),
    }


def _settle(scenery: Scenery) -> None:
    homes = scenery.homes
    opened = Scene(scenery.world, scenery.objects["policy"], example(), homes["ir_lead"],
                   homes["loss_adjuster"])
    opened.report()
    opened.hand_in()
    scenery.objects |= {"open_claim": opened.register(), "open_item": opened.claim.items.first()}
    scene = Scene(scenery.world, scenery.objects["policy"], example(), homes["ir_lead"],
                  homes["loss_adjuster"])
    incident = scene.report()
    handler = scene.actor("claims_handler")
    triage = scene.story.data["triage"]
    triage_incident(incident, actor=handler, family=triage["family"], facts=triage["facts"])
    order = dispatch_response(incident, scene.provider, mode="remote", actor=handler)
    scene.hand_in()
    scene.register()
    stand_at("2026-09-15T10:00:00")
    scene.supplement()
    scene.quantify()
    stand_at("2026-10-12T10:00:00")
    adjudicate_claim(scene.claim, actor=handler)
    decision = approve_claim(scene.claim, actor=scene.actor("claims_approver"))
    claim = scene.claim
    scenery.objects |= {
        "claim": claim, "incident": incident, "order": order, "decision": decision,
        "duty": incident.duties.first(), "evidence": incident.evidence.first(),
        "request": claim.requests.first(), "item": claim.items.first(),
        "provider": scene.provider, "adjuster": scene.adjuster,
    }


def _rate(scenery: Scenery) -> None:
    actuary = scenery.world.actor("actuary")
    version = draft_version("rating", "cyber-comprehensive-standard", label="2026.2",
                            reason="年度费率回顾", actor=actuary)
    change_figures(version, {"market.factor_ppm": NewFigure(1_700_000, "经验分析", "D")},
                   actor=actuary)
    run = start_impact(version, actor=actuary)
    work()
    scenery.objects |= {"table_version": version, "impact_run": run,
                        "fit": fitted(scenery.world, papers=False)}


def _pool(scenery: Scenery) -> None:
    operator = scenery.actor("operator")
    open_pool(actor=operator)
    admit_member(scenery.world.insurer, actor=operator)
    scenery.objects["batch"] = contribute_file(
        template().encode(), name="records.csv", purposes=["market_statistics"],
        actor=scenery.world.actor("actuary"))


def _chain(scenery: Scenery) -> None:
    underwriter = scenery.world.actor("underwriter")
    version = chain_making.kept(underwriter)
    scenery.objects |= {
        "chain": version.chain,
        "import": chain_making.upload(
            underwriter, chain_making.small_zip(providers="id,name_zh,kind\ncloud,海云,cloud\n"),
            chain=version.chain),
        "run": chain_making.run_done(version, underwriter)}
    scenery.objects |= programme_making.scene(version, underwriter, scenery.world.donghai)


def _residents(scenery: Scenery) -> None:
    underwriter = scenery.world.actor("underwriter")
    scheme = open_scheme(RESIDENT_SCHEME, actor=underwriter)
    enrolment = take_list(scheme, listed([resident_row(1)]), name="list.csv", actor=underwriter)
    work()
    issue_list(Enrolment.objects.within(scheme.tenant).get(pk=enrolment.pk), actor=underwriter)
    work()
    order_papers(Enrolment.objects.within(scheme.tenant).get(pk=enrolment.pk), language="zh",
                 actor=underwriter)
    work()
    link, secret = make_link(scheme, plans=["P5"], channel="公告栏", days=30, most=10,
                             actor=underwriter)
    resident = resident_buyer(2, scheme)
    scenery.objects |= {
        "resident_scheme": scheme, "resident_list": enrolment,
        "resident_stream": open_stream(scheme, name="stream", actor=underwriter),
        "resident_certificate": Certificate.objects.within(scheme.tenant).first(),
        "resident_part": PaperPart.objects.within(scheme.tenant).first(),
        "sale_link": link, "sale_secret": secret,
        "receipt_secret": sell(link, resident, key=f"{link.pk}:once", terms="0" * 64).receipt}
    one = scenery.objects["resident_certificate"]
    scenery.objects["resident_changes"] = take_changes(
        scheme, Asked("cancellation", scheme.last_day), name="ended.csv",
        content=f"凭证号\n{one.pk}\n".encode(), actor=underwriter)
    corrected = scenery.objects["resident_changes_done"] = take_changes(
        scheme, Asked("correction"), name="corrected.csv",
        content=f"凭证号,新手机号\n{one.pk},13900000000\n".encode(), actor=underwriter)
    work()
    apply_changes(corrected, actor=underwriter)
    work()
    scenery.objects |= resident_claim_making.scene(
        underwriter, scenery.world.actor("claims_handler"), scenery.world.actor("claims_payment"))


def _park(scenery: Scenery) -> None:
    world = scenery.world
    scenery.objects |= park_making.scene(
        world.actor("underwriter"), park_making.operator_of(world), world.donghai)
    work()
    pack = scenery.objects["park_pack"]
    pack.refresh_from_db()


def _small_firms(scenery: Scenery) -> None:
    underwriter = scenery.world.actor("underwriter")
    small_firm_making.on_sale(scenery.world.insurer)
    quote = small_firm_making.priced(underwriter)
    policy = small_firm_making.bound(quote, underwriter)
    month = month_of(quote.firm, actor=underwriter)
    run = run_months(actor=underwriter)
    work()
    link, _secret = make_firm_link(label="街角咖啡", days=7, actor=underwriter)
    renewal = RenewalRun.objects.create(
        tenant=scenery.world.insurer, number="SR2026-000001", on=quote.on, until=quote.on,
        policies=0)
    scenery.objects |= {
        "small_firm": quote.firm, "small_quote": quote, "small_policy": policy,
        "small_change": small_firm_making.change_of(policy),
        "small_renewal": renewal, "small_month": month, "small_run": run, "small_link": link,
        "small_batch": small_firm_making.batch_of(underwriter, [small_firm_making.cells(2)])}


def _keep(scenery: Scenery) -> None:
    world = scenery.world
    member = Membership.objects.get(
        user=world.actor("underwriter").user, organisation=world.insurer, role="underwriter"
    )
    owner = world.actor("underwriter")
    token, _secret = tokens.issue_token(member, name="t", scopes=["*"], days=30, actor=owner)
    _invitation, invited = services.invite(
        world.insurer, email="lin@example.test", role="actuary",
        actor=world.actor("platform_admin"),
    )
    scenery.objects |= {
        "job": jobs.start_job("test.count", {"total": 2}, actor=owner),
        "done_job": Job.objects.within(world.insurer).exclude(kind="test.count").first(),
        "membership": member, "token": token, "invitation": invited,
        "entry": JournalEntry.objects.within(world.insurer).first(),
        "link": AuditEntry.objects.within(world.insurer).first(),
        "file": StoredFile.objects.within(world.insurer).first(),
        "nobody": "0" * 43, "now": datetime.fromisoformat(LAST_DAY),
    }
