"""Uploads of chains: tried before they count, kept once, dropped by somebody or by the house."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainImport, ChainVersion, SupplyChain
from dinghai_platform.chains.services.chains import withdraw_chain
from dinghai_platform.chains.services.imports import (
    KEPT_DAYS,
    drop_import,
    drop_old_imports,
    keep_import,
    read_again,
    read_file,
)
from dinghai_platform.core.models import AuditEntry, Organisation, Relation
from tests.platform.chains.making import haiyue, kept, owner_of_chain, small_zip, upload
from tests.platform.story import World, stand_at

pytestmark = pytest.mark.django_db


def zip_of(**files: str) -> bytes:
    """A ZIP with these files; two underscores stand for a point."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def test_nothing_is_kept_before_somebody_says_so(world: World, owner: Organisation) -> None:
    underwriter = world.actor("underwriter")
    read = upload(underwriter, owner=owner)
    assert SupplyChain.objects.within(world.insurer).count() == 0
    assert read.report["counts"]["goods"] == 2 and read.faults == []
    version = keep_import(read, actor=underwriter, note="普查")
    assert (version.number, version.counts["firms"], version.owner) == (1, 3, owner)
    read.refresh_from_db()
    assert read.content is None and read.document == ""  # the bytes go once it is decided
    with pytest.raises(Refusal):
        keep_import(read, actor=underwriter)
    actions = AuditEntry.objects.within(world.insurer).filter(
        action__startswith="chains.").order_by("sequence").values_list("action", flat=True)
    assert list(actions) == ["chains.file_read", "chains.chain_begun", "chains.version_kept"]


def test_faults_name_file_line_field_and_mend_and_nothing_is_kept(world: World) -> None:
    underwriter = world.actor("underwriter")
    read = upload(underwriter, small_zip(
        firms="id,name_zh,role,tier,industry,revenue\nown,海悦,owner,0,C,80亿\n"
              "sup,云屿,supplier,1,Z,坏\n"))
    lines = {(one["file"], one["line"]) for one in read.faults}
    assert ("firms.csv", 3) in lines and all(one["message"] and one["mend"]
                                             for one in read.faults)
    with pytest.raises(Refusal, match="faults"):
        keep_import(read, actor=underwriter)
    page = world.sign_in(Client(headers={"accept-language": "en"}), "underwriter").get(
        f"/chains/imports/{read.pk}/")
    assert page.status_code == 200 and b"firms.csv" in page.content
    assert b"Keep as a new chain" not in page.content
    assert SupplyChain.objects.within(world.insurer).count() == 0


@pytest.mark.parametrize(("content", "name", "field"), [
    (b"PK\3\4 no archive", "chain.zip", "file"),
    (b"whatever", "chain.exe", "file"),
    (b"{}", "", "file"),
])
def test_what_is_no_chain_is_refused_at_once(
    world: World, content: bytes, name: str, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        upload(world.actor("underwriter"), content, name=name)
    assert refused.value.fault.field == field
    assert ChainImport.objects.within(world.insurer).count() == 0


@pytest.mark.parametrize("content", [
    zip_of(readme__txt="no chain"), zip_of(**{"a/chain__toml": "x", "b/chain__toml": "x"}),
    zip_of(**{"../chain__toml": "x"}), b'{"schema": "dinghai.chain/1"}', b'{"firms": [',
])
def test_broken_uploads_say_what_is_wrong(world: World, content: bytes) -> None:
    name = "chain.json" if content[:1] == b"{" else "chain.zip"
    read = upload(world.actor("underwriter"), content, name=name)
    assert read.faults and read.document == ""
    assert all(one["file"] != "upload.zip" for one in read.faults)


def test_a_supplier_list_shows_its_guesses_and_is_read_into_the_last_version(
    world: World, version: ChainVersion
) -> None:
    underwriter = world.actor("underwriter")
    listed = ("供应商全称,年营收(万元),所属行业,备注\n澄岚电机,30000,制造业,甲\n"
              "无收入公司,,制造业,乙\n").encode()
    read = upload(underwriter, listed, name="suppliers.csv", chain=version.chain)
    guesses = {one["heading"]: one["column"] for one in read.report["guesses"]}
    assert guesses["供应商全称"] == "name" and guesses["年营收(万元)"] == "revenue"
    assert [one["line"] for one in read.report["rejected"]] == [3]
    assert read.report["rejected"][0]["file"] == "suppliers.csv"
    page = world.sign_in(Client(), "underwriter").get(f"/chains/imports/{read.pk}/").content
    assert "澄岚" not in page.decode() and "供应商全称" in page.decode()
    read_again(read, actor=underwriter, assume={"revenue": "2000万"})
    assert read.report["rejected"] == [] and read.report["counts"]["firms"] == 5
    made = keep_import(read, actor=underwriter)
    assert made.number == 2
    assumed = [one for one in chain_of_version(made).firms if "revenue_fen" in one.estimated]
    assert [one.revenue_fen for one in assumed] == [2_000_000_000]
    with pytest.raises(Refusal):
        read_again(read, actor=underwriter)


def test_a_version_never_changes_and_the_same_again_is_none(
    world: World, version: ChainVersion
) -> None:
    underwriter = world.actor("underwriter")
    with pytest.raises(Refusal, match="same"):
        kept(underwriter, chain=version.chain)
    with pytest.raises(Refusal, match="keeps a chain"):
        kept(underwriter)
    with pytest.raises(DatabaseError), transaction.atomic():
        ChainVersion.objects.within(world.insurer).update(note="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        ChainVersion.objects.within(world.insurer).filter(pk=version.pk).delete()


def test_another_chains_file_is_no_version(world: World, version: ChainVersion) -> None:
    head = ('schema = "dinghai.chain/1"\nid = "other"\nname_zh = "他链"\nowner = "own"\n'
            "as_of = 2026-03-31\n")
    read = upload(world.actor("underwriter"), small_zip(head=head), chain=version.chain)
    assert [one["field"] for one in read.faults] == ["id"]


def test_uploads_are_dropped_by_their_owner_or_by_time(
    world: World, owner: Organisation
) -> None:
    underwriter = world.actor("underwriter")
    first, second = upload(underwriter), upload(underwriter, small_zip(links=""))
    drop_import(first, actor=underwriter)
    stand_at(f"2026-11-{2 + KEPT_DAYS:02d}T10:00:00")
    assert drop_old_imports(actor=world.system) == 1
    for one in (first, second):
        one.refresh_from_db()
        assert (one.state, one.content) == (ChainImport.State.DROPPED, None)


def test_only_underwriters_and_the_owner_upload(world: World, owner: Organisation) -> None:
    for role in ("actuary", "auditor", "claims_handler"):
        with pytest.raises(PermissionDenied):
            upload(world.actor(role))
    with pytest.raises(PermissionDenied):
        upload(world.actor("supplier", owner))
    made = kept(world.actor("chain_owner", owner))
    assert (made.tenant, made.owner) == (world.insurer, owner)
    stranger = Organisation.objects.create(kind="chain_owner", name_zh="他链主")
    with pytest.raises(InputError, match="insurer"):  # nobody deals with it
        upload(world.actor("chain_owner", stranger))
    other = owner_of_chain(world, "另一链主")
    client = world.sign_in(Client(), "chain_owner", other)
    assert client.get(f"/chains/{made.chain.pk}/").status_code == 404
    with pytest.raises(PermissionDenied):
        read_file(small_zip(), name="small.zip", chain=made.chain,
                  actor=world.actor("chain_owner", other))


def test_a_chain_owner_with_two_insurers_says_which(world: World, owner: Organisation) -> None:
    Relation.objects.create(tenant=world.other_insurer, organisation=owner)
    actor = world.actor("chain_owner", owner)
    with pytest.raises(InputError) as refused:
        upload(actor)
    assert refused.value.fault.field == "insurer"
    client = world.sign_in(Client(), "chain_owner", owner)
    sent = client.post("/chains/new/", {
        "file": SimpleUploadedFile("small.zip", small_zip()), "insurer": world.other_insurer.pk})
    assert sent.status_code == 302, sent.content.decode()[:2_000]
    assert ChainImport.objects.within(world.other_insurer).count() == 1


def test_a_withdrawn_chain_takes_no_version_and_frees_its_id(
    world: World, version: ChainVersion
) -> None:
    underwriter = world.actor("underwriter")
    waiting = upload(underwriter, small_zip(links=""), chain=version.chain)
    with pytest.raises(InputError):
        withdraw_chain(version.chain, reason=" ", actor=underwriter)
    withdraw_chain(version.chain, reason="合作终止", actor=underwriter)
    with pytest.raises(Refusal):
        withdraw_chain(version.chain, reason="again", actor=underwriter)
    waiting.refresh_from_db()
    assert waiting.state == ChainImport.State.DROPPED
    version.chain.refresh_from_db()
    with pytest.raises(Refusal, match="withdrawn"):
        upload(underwriter, chain=version.chain)
    assert kept(underwriter).number == 1  # the same id, a new chain


def test_the_example_comes_with_the_dossiers_of_its_suppliers(
    world: World, owner: Organisation
) -> None:
    made = haiyue(world.actor("chain_owner", owner), None)
    chain = chain_of_version(made)
    assert made.counts["firms"] == 71
    donghai: Any = next(one for one in chain.firms if one.id == "donghai")
    assert donghai.dossier is None and chain.controls_of["donghai"]
    assert {one.known_by for one in chain.controls_of["donghai"]} >= {"assessment"}
