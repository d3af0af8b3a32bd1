"""Verbs on lists: looked through first (nothing is written to the register), then taken."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.files import read_file, store_file
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import StoredFile
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants, locked, scope_of
from dinghai_platform.subsidies.book import Book, held_book, read_book
from dinghai_platform.subsidies.list_reading import LARGEST_LIST, Here, ListRead, read_list
from dinghai_platform.subsidies.models import Application, FileList, Subsidy
from dinghai_platform.subsidies.policies import with_policies
from dinghai_platform.subsidies.services.common import (
    codes_used,
    note,
    require_open,
    serve_waiting,
)
from dinghai_platform.subsidies.services.four_eyes import shown_by, whom_to_ask

TAKE: Final = "subsidies.take_list"
_NARRATIVES: Final = {FileList.Kind.EARLIER: "subsidies.carried",
                      FileList.Kind.CHANGES: "subsidies.changed",
                      FileList.Kind.OBJECTIONS: "subsidies.changed"}


def check_list(subsidy: Subsidy, kind: str, content: bytes, name: str, *, actor: Actor) -> FileList:
    """Look a list through: what it would add, and every row left out with line, field and mend.

    Nothing of it is decided. Raises InputError for a file that is no such list.
    """
    require(actor, "subsidies.administer", subsidy)
    if kind not in FileList.Kind.values:
        raise InputError("there is no such kind of list", field="kind",
                         mend="choose one of: " + ", ".join(FileList.Kind.values))
    plain_name = file_name(name)
    if len(content) > LARGEST_LIST:
        raise InputError("the list is too large", file=plain_name, field="file", mend="split it")
    with read_book(subsidy, actor) as book:
        read = _read(book, kind, content, plain_name, actor)
    with transaction.atomic(), scope_of(actor, tenant=subsidy.tenant):
        stored = _keep(content, plain_name, subsidy, actor)
        row = FileList.objects.create(
            tenant=subsidy.tenant, authority_id=subsidy.authority_id, subsidy=subsidy, kind=kind,
            file=stored, file_name=plain_name, given_by=actor.user, **_columns(read))
        audit.append(actor, "subsidies.list_checked", row, {
            "subsidy": subsidy.code, "kind": kind, "sha256": stored.sha256, "rows": read.rows,
            "rejected": row.rejected})
    return row


@transaction.atomic
def start_taking(row: FileList, *, actor: Actor, all_or_nothing: bool = False) -> FileList:
    """Queue what takes a list that was looked through; rejected rows are left out.

    Asked again it answers the same. Raises Refusal for a list that was dropped, that adds nothing,
    and, with ``all_or_nothing``, that has rejected rows.
    """
    require(actor, "subsidies.administer", row)
    with scope_of(actor, tenant=row.tenant):
        fresh = audit.locked(row)
        if fresh.state == FileList.State.TAKEN or (
                fresh.state == FileList.State.TAKING and not _job_over(fresh)):
            return fresh
        if fresh.state == FileList.State.DROPPED:
            raise Refusal("this list was dropped", reasons=["upload it again"])
        if all_or_nothing and fresh.rejected:
            raise Refusal("rows of this list are rejected, and all or none was asked for",
                          reasons=["mend them and upload it again"])
        if not fresh.added:
            raise Refusal("this list adds nothing", reasons=["look at its rejected rows"])
        fresh.state = FileList.State.TAKING
        fresh.job = jobs.start_job(TAKE, {"list": str(fresh.pk)}, actor=actor, tenant=fresh.tenant,
                                   title=fresh.file_name, total=1)
        fresh.save(update_fields=("state", "job"))
        audit.append(actor, "subsidies.list_started", fresh, {"kind": fresh.kind})
    return fresh


@transaction.atomic
def drop_list(row: FileList, *, actor: Actor) -> FileList:
    """Give up a list that was looked through. Asked again it answers the same. Raises Refusal for
    one that is being taken or was."""
    require(actor, "subsidies.administer", row)
    with scope_of(actor, tenant=row.tenant):
        fresh = audit.locked(row)
        if fresh.state == FileList.State.DROPPED:
            return fresh
        if fresh.state != FileList.State.CHECKED:
            raise Refusal("this list was taken, or is being taken",
                          reasons=["its entries stay in the register"])
        fresh.state = FileList.State.DROPPED
        fresh.save(update_fields=("state",))
        audit.append(actor, "subsidies.list_dropped", fresh, {"kind": fresh.kind})
    return fresh


def take_step(step: Step) -> Progress:
    """Take a list, whole and once: what the register says now decides, not what it said before."""
    row: FileList = FileList.objects.within(step.tenant).select_related(
        "subsidy__tenant", "file").get(pk=step.arguments["list"])
    if row.state != FileList.State.TAKEN:
        take_list(row, actor=step.actor)
    return Progress(1, 1, finished=True, result={"list": str(row.pk)})


def take_list(row: FileList, *, actor: Actor) -> FileList:
    """Add what a list gives to the register, in one transaction.

    Raises Refusal where the subsidy has ended and the list holds applications.
    """
    require(actor, "subsidies.administer", row)
    with held_book(row.subsidy, actor) as book:
        fresh: FileList = locked(row)
        if fresh.state == FileList.State.TAKEN:
            return fresh
        if fresh.kind == FileList.Kind.APPLICATIONS:
            require_open(book.subsidy)
        read = _read(book, fresh.kind, read_file(fresh.file), fresh.file_name, actor)
        written = book.add(read.entries, actor=actor, links=read.links,
                           narrative=_NARRATIVES.get(FileList.Kind(fresh.kind), ""))
        serve_waiting(book, actor=actor)
        fresh.state, fresh.taken_at = FileList.State.TAKEN, clock.now()
        for name, value in _columns(read).items():
            setattr(fresh, name, value)
        fresh.save()
        note(actor, "list_taken", book, written, {
            "list": str(fresh.pk), "kind": fresh.kind, "rejected": fresh.rejected})
    return fresh


def _keep(content: bytes, name: str, subsidy: Subsidy, actor: Actor) -> StoredFile:
    """A list's bytes, kept by the house: an authority keeps no files of its own."""
    house = system_actor(subsidy.tenant, request_id=actor.request_id)
    return store_file(content, name=name, media_type="application/octet-stream", actor=house,
                      tenant=subsidy.tenant, largest=LARGEST_LIST)


def _read(book: Book, kind: str, content: bytes, name: str, actor: Actor) -> ListRead:
    rows = Application.objects.within(book.subsidy.tenant_id).filter(subsidy=book.subsidy)
    own = rows.filter(source=Application.Source.POLICY)
    resting: list[Application] = []
    if kind == FileList.Kind.CHANGES:
        with crossing_tenants("policies of any insurer are followed"):
            resting = with_policies(subsidy=book.subsidy)
    counted = rows.filter(source=Application.Source.LIST).exclude(counted=None).exclude(
        counted=[]).values_list("number", "counted")
    return read_list(kind, content, name, text=book.text, register=book.register,
                     day=clock.today(), here=Here(
                         frozenset(own.values_list("number", flat=True)),
                         codes_used(book.subsidy), shown_by(book.subsidy, actor),
                         whom_to_ask(actor), {one.number: one for one in resting},
                         dict(counted)))


def _columns(read: ListRead) -> dict[str, object]:
    return {"result": read.summary(), "rows": read.rows, "added": len(read.entries),
            "rejected": len({one.line for one in read.rejected})}


def _job_over(row: FileList) -> bool:
    return row.job is not None and row.job.state in ("failed", "cancelled")
