"""Every page of underwriting, as each role that may see it and as those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dossier,
    Policy,
    Quote,
    TreatmentPlan,
)
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.contracts import bind_policy
from dinghai_platform.underwriting.services.explanations import (
    record_explanations,
    terms_of,
    waive_explanations,
)
from dinghai_platform.underwriting.services.quotes import accept_quote
from dinghai_platform.underwriting.services.treatment import plan_treatment
from tests.platform.story import World, work
from tests.platform.underwriting.way import issued_quote, policy_in_force

LISTS = ("cases", "dossiers", "findings", "quotes", "policies")


@pytest.fixture
def client_of(world: World) -> Any:
    def sign_in(role: str, organisation: Any = None) -> Client:
        client: Client = world.sign_in(Client(), role, organisation)
        return client

    return sign_in


@pytest.fixture
def policy(dossier: Dossier, product: ProductVersion, world: World) -> Policy:
    return policy_in_force(dossier, product, world)


def pages_of(policy: Policy, world: World) -> list[str]:
    """Addresses of everything that hangs on a policy."""
    quote = policy.quote
    plan = plan_treatment(quote.assessment, quote.product, actor=world.actor("underwriter"))
    finding = quote.assessment.dossier.findings.first()
    return [
        reverse(f"underwriting:{name}", args=[key])
        for name, key in (
            ("case", policy.case_id), ("dossier", quote.assessment.dossier_id),
            ("finding", finding.pk), ("assessment", quote.assessment_id), ("plan", plan.pk),
            ("quote", quote.pk), ("explanations", quote.pk), ("policy", policy.pk),
        )
    ]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows(
    policy: Policy, world: World, client_of: Any, language: str
) -> None:
    for role in ("underwriter", "chief_underwriter", "auditor", "insured_admin"):
        client = client_of(role)
        client.cookies["django_language"] = language
        for name in LISTS:
            assert client.get(reverse(f"underwriting:{name}")).status_code == 200
        for address in pages_of(policy, world):
            assert client.get(address).status_code == 200, (role, address)


def test_a_stranger_finds_nothing(policy: Policy, world: World, client_of: Any) -> None:
    for role, home in (
        ("underwriter", world.other_insurer), ("insured_admin", world.stranger),
    ):
        client = client_of(role, home)
        for address in pages_of(policy, world):
            assert client.get(address).status_code == 404, address
        for name in LISTS:
            assert policy.insured.name_zh.encode() not in client.get(
                reverse(f"underwriting:{name}")
            ).content


def test_nobody_signed_in_is_sent_to_sign_in() -> None:
    assert Client().get("/underwriting/cases/").status_code in (302, 404)


def test_the_insured_does_not_price(policy: Policy, client_of: Any) -> None:
    address = reverse("underwriting:price", args=[policy.quote.assessment_id])
    assert client_of("insured_admin").get(address).status_code == 403
    assert client_of("claims_handler").get(address).status_code == 403


def test_the_insured_does_not_see_how_the_price_is_made(
    policy: Policy, client_of: Any
) -> None:
    page = client_of("insured_admin").get(
        reverse("underwriting:quote", args=[policy.quote_id])
    )
    assert b"waterfall" not in page.content


@pytest.mark.parametrize(("language", "size"), [("zh-hans", "对系统的依赖"), ("en", "Dependence")])
def test_the_price_is_explained_to_the_insurer_alone(
    policy: Policy, client_of: Any, language: str, size: str
) -> None:
    address = reverse("underwriting:why", args=[policy.quote_id])
    client = client_of("underwriter")
    client.cookies["django_language"] = language
    shown = client.get(address)
    assert size in shown.content.decode()
    explanation = shown.context["explanation"]
    assert explanation.technical_fen == policy.quote.technical_fen
    assert not shown.context["changed"]
    assert client_of("insured_admin").get(address).status_code == 403


def test_a_quote_of_other_tables_says_so(policy: Policy, world: World, client_of: Any) -> None:
    Quote.objects.within(world.insurer).filter(pk=policy.quote_id).update(technical_fen=1)
    shown = client_of("underwriter").get(reverse("underwriting:why", args=[policy.quote_id]))
    assert shown.context["changed"]


def test_the_best_fixes_for_a_budget(policy: Policy, world: World, client_of: Any) -> None:
    plan = plan_treatment(policy.quote.assessment, policy.quote.product,
                          actor=world.actor("underwriter"))
    address = reverse("underwriting:plan_budget", args=[plan.pk])
    client = client_of("insured_admin")
    found = client.get(address, {"budget": "200000"}).context["best"]
    assert 0 < found.cost_fen <= 20_000_000
    assert found.after.pure < found.before.pure
    for wrong in ("", "0", "much", "99999999999"):
        shown = client.get(address, {"budget": wrong})
        assert shown.status_code == 200
        assert shown.context["fault"] and "best" not in shown.context


def test_a_draft_quote_is_hidden_from_the_insured(
    dossier: Dossier, product: ProductVersion, world: World, client_of: Any
) -> None:
    quote = issued_quote(dossier, product, world)
    Quote.objects.within(world.insurer).filter(pk=quote.pk).update(state="priced")
    address = reverse("underwriting:quote", args=[quote.pk])
    assert client_of("insured_admin").get(address).status_code == 404
    assert client_of("underwriter").get(address).status_code == 200


def test_an_answer_within_eight_clicks(
    archive: bytes, product: ProductVersion, world: World, client_of: Any
) -> None:
    client = client_of("underwriter")
    client.post(  # 1: open the case
        reverse("underwriting:case_new"),
        {"insured": str(world.donghai.pk), "title": "东海家电"}, follow=True,
    )
    case = Case.objects.within(world.insurer).get()
    upload = SimpleUploadedFile("donghai.zip", archive, "application/zip")
    client.post(  # 2: import
        reverse("underwriting:case_import", args=[case.pk]), {"archive": upload}
    )
    work()
    dossier = Dossier.objects.within(world.insurer).get()
    client.post(reverse("underwriting:dossier_assess", args=[dossier.pk]))  # 3
    assessment = Assessment.objects.within(world.insurer).get()
    page = client.get(reverse("underwriting:price", args=[assessment.pk]))  # 4
    assert page.status_code == 200
    client.post(  # 5: keep it
        reverse("underwriting:price", args=[assessment.pk]),
        {"limit_fen": 766_700_000, "deductible_fen": 10_000_000, "inception": "2026-04-01"},
    )
    quote = Quote.objects.within(world.insurer).get()
    for verb in ("approve", "issue"):  # 6, 7
        client.post(reverse("underwriting:quote_step", args=[quote.pk, verb]))
    quote.refresh_from_db()
    assert quote.state == "issued" and quote.limit_fen == 766_700_000
    assert quote.papers.count() == 4


def test_a_slider_prices_again(
    dossier: Dossier, product: ProductVersion, world: World, client_of: Any
) -> None:
    quote = issued_quote(dossier, product, world)
    address = reverse("underwriting:price", args=[quote.assessment_id])
    client = client_of("underwriter")
    answers = [
        client.get(address, {"limit_fen": limit, "deductible_fen": 10_000_000},
                   headers={"HX-Request": "true"}).content
        for limit in (500_000_000, 2_000_000_000)
    ]
    assert b'id="figures"' in answers[0] and answers[0] != answers[1]
    assert b"data-chart" not in answers[0]  # only the figures while the slider moves
    behind = client.get(address, {"limit_fen": 500_000_000, "part": "details"},
                        headers={"HX-Request": "true"}).content
    assert b'id="details"' in behind and b"data-chart" in behind and b"aria-current" in behind
    outside = client.get(address, {"limit_fen": 1}, headers={"HX-Request": "true"})
    assert b"dh-tone-bad" in outside.content
    outside = client.get(address, {"limit_fen": 1, "part": "details"},
                         headers={"HX-Request": "true"})
    assert outside.status_code == 200 and b"data-chart" not in outside.content


def test_the_applicant_confirms_and_accepts(
    dossier: Dossier, product: ProductVersion, world: World, client_of: Any
) -> None:
    quote = issued_quote(dossier, product, world)
    client = client_of("insured_admin")
    keys = [term.key for term in terms_of(quote)]
    client.post(reverse("underwriting:explanations", args=[quote.pk]), {"term": keys})
    client.post(reverse("underwriting:quote_step", args=[quote.pk, "accept"]))
    quote.refresh_from_db()
    assert quote.state == "accepted"
    underwriter = client_of("underwriter")
    underwriter.post(reverse("underwriting:quote_step", args=[quote.pk, "bind"]))
    policy = Policy.objects.within(world.insurer).get()
    assert policy.papers.count() == 6
    underwriter.post(
        reverse("underwriting:policy_pay", args=[policy.pk]), {"reference": "B-1"}
    )
    policy.refresh_from_db()
    assert policy.state == "in_force"
    paper = policy.papers.first()
    answer = client.get(reverse("underwriting:paper", args=[paper.pk]))
    assert answer.status_code == 200 and answer.content[:4] == b"%PDF"


def test_a_dispute_is_raised_and_decided(
    dossier: Dossier, product: ProductVersion, world: World, client_of: Any
) -> None:
    finding = dossier.findings.filter(severity="high").first()
    client_of("insured_admin").post(
        reverse("underwriting:finding_dispute", args=[finding.pk]), {"reason": "retired host"}
    )
    dispute = finding.disputes.get()
    client_of("underwriter").post(
        reverse("underwriting:dispute_decide", args=[dispute.pk]),
        {"accepted": "yes", "reason": "shown"},
    )
    finding.refresh_from_db()
    assert finding.state == "disregarded"
    assessment = Assessment.objects.within(world.insurer).get()
    assert finding.finding_id in assessment.document["disregarded"]


def test_a_failed_import_says_how_to_mend_it(
    case: Case, world: World, client_of: Any, tmp_path: Any
) -> None:
    from dinghai_platform.underwriting.services.dossiers import (
        archive_of_folder,
        import_dossier,
    )

    (tmp_path / "profile.toml").write_text("schema = 'x'\n")
    started = import_dossier(
        case, archive_of_folder(tmp_path), name="a.zip", actor=world.actor("underwriter")
    )
    work()
    page = client_of("underwriter").get(
        reverse("underwriting:dossier", args=[started.pk])
    )
    assert b"answers.csv" in page.content and b"profile.toml" in page.content


def test_lists_leave_as_csv(policy: Policy, client_of: Any) -> None:
    client = client_of("underwriter")
    for name in LISTS:
        answer = client.get(reverse(f"underwriting:{name}"), {"export": "csv"})
        assert answer["Content-Type"].startswith("text/csv")
        assert len(answer.getvalue().splitlines()) >= 2


def test_lists_search_and_sort(dossier: Dossier, client_of: Any) -> None:
    client = client_of("underwriter")
    address = reverse("underwriting:findings")
    for query in ({"severity": "high"}, {"q": "CVE"}, {"sort": "asset"}, {"sort": "password"},
                  {"dossier": str(dossier.pk)}, {"known_exploited": "True"}):
        assert client.get(address, query).status_code == 200
    assert client.get(address, {"q": "no such thing"}).content.count(b"<tr>") == 0


@pytest.mark.parametrize("name", LISTS)
def test_lists_cost_the_same_however_long(
    policy: Policy, world: World, client_of: Any, name: str, django_assert_max_num_queries: Any
) -> None:
    client = client_of("underwriter")
    address = reverse(f"underwriting:{name}")
    client.get(address)
    with django_assert_max_num_queries(8):
        client.get(address)


def test_recording_needs_the_post(policy: Policy, client_of: Any) -> None:
    client = client_of("underwriter")
    for name in ("policy_pay",):
        assert client.get(reverse(f"underwriting:{name}", args=[policy.pk])).status_code == 405
    assert TreatmentPlan.objects.within(policy.tenant).count() == 0


def test_a_plan_has_one_line_for_an_indicator_knock_outs_first(
    dossier: Dossier, product: ProductVersion, world: World, client_of: Any
) -> None:
    assessment = assess_dossier(dossier, actor=world.actor("underwriter"))
    plan = plan_treatment(assessment, product, actor=world.actor("underwriter"))
    address = reverse("underwriting:plan", args=[plan.pk])
    lines = client_of("insured_admin").get(address).context["fixes"]
    codes = [line["code"] for line in lines]
    assert len(codes) == len(set(codes)) < plan.fixes.count()
    knock_outs = [line["knock_out"] for line in lines]
    assert knock_outs == sorted(knock_outs, reverse=True)
    assert sum(len(line["open"]) for line in lines) == plan.fixes.count()
    fix = lines[0]["full"]
    client_of("insured_admin").post(
        reverse("underwriting:fix_commit", args=[fix.pk]), {"due": "2026-07-31"}
    )
    lines = client_of("insured_admin").get(address).context["fixes"]
    assert [one.pk for one in lines[0]["under_way"]] == [fix.pk]


def test_a_policy_counts_what_was_explained_and_says_the_law_in_words(
    dossier: Dossier, product: ProductVersion, world: World, client_of: Any
) -> None:
    quote = issued_quote(dossier, product, world)
    keys = [term.key for term in terms_of(quote)]
    insured = world.actor("insured_admin")
    record_explanations(quote, keys[1:], actor=insured)
    waive_explanations(quote, keys[:1], reason="不再主张", actor=world.actor("chief_underwriter"))
    policy = bind_policy(accept_quote(quote, actor=insured), actor=world.actor("underwriter"))
    client = client_of("underwriter")
    address = reverse("underwriting:policy", args=[policy.pk])
    context = client.get(address).context
    assert (context["proved"], len(context["unproved"])) == (len(keys) - 1, 1)
    in_english = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "Insurance Law, art. 57" in in_english and "保险法" not in in_english
    assert "1 does not apply" in in_english
    assert "Premium of a bound policy" in in_english and "premium.bound" not in in_english
    in_chinese = client.get(address, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "保险法57条" in in_chinese and "已承保保单应收保费" in in_chinese
