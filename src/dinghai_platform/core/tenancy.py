"""Tenants: whose row it is, who else sees it, and no query without saying for whom.

A room's business model inherits `TenantRow`. Then

    Policy.objects.visible_to(actor)        the actor's own and what was shared with it
    Policy.objects.within(tenant)           one tenant's rows (services, jobs)
    Policy.objects.unscoped("why")          every tenant's rows, with the reason in the code

and any other query raises `UnscopedQuery` when it would reach the database. Rows that hang on
a row already in hand (``policy.endorsements.all()``) are reached freely.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.http import Http404

from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.keys import new_key

EVERY_TENANT = "*"

_lifted: ContextVar[str] = ContextVar("dinghai_unscoped", default="")


class UnscopedQuery(RuntimeError):
    """A query on tenants' rows that does not say for whom."""


class TenantQuerySet(models.QuerySet):
    """A query set that must be told its scope before it reads, changes or deletes."""

    _scope: str = ""

    def visible_to(self, actor: Actor) -> TenantQuerySet:
        """The actor's tenant's rows and those shared with the actor's organisation."""
        seen = self.model.visibility(actor)
        return self._scoped(f"visible to {actor.organisation.pk}").filter(seen)

    def within(self, tenant: Any) -> TenantQuerySet:
        """One tenant's rows: an Organisation or its key."""
        key = getattr(tenant, "pk", tenant)
        return self._scoped(f"within {key}").filter(tenant_id=key)

    def unscoped(self, reason: str) -> TenantQuerySet:
        """Every tenant's rows; the reason is for the reader of the code."""
        if not reason.strip():
            raise ValueError("an unscoped query needs its reason")
        return self._scoped(f"unscoped: {reason}")

    def _scoped(self, scope: str) -> TenantQuerySet:
        clone = self._chain()
        clone._scope = scope
        return clone

    def _clone(self) -> TenantQuerySet:
        clone = super()._clone()
        clone._scope = self._scope
        return clone

    def _check_scope(self) -> None:
        held = self._hints.get("instance")
        if self._scope or _lifted.get() or isinstance(held, TenantRow):
            return
        raise UnscopedQuery(
            f"{self.model.__name__}: say .visible_to(actor), .within(tenant) or .unscoped(reason)"
        )

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._check_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self._check_scope()
        return super().iterator(*args, **kwargs)

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._check_scope()
        return super().aggregate(*args, **kwargs)

    def count(self) -> int:
        self._check_scope()
        return super().count()

    def exists(self) -> bool:
        self._check_scope()
        return super().exists()

    def update(self, **kwargs: Any) -> int:
        self._check_scope()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check_scope()
        return super().delete()

    def explain(self, *args: Any, **kwargs: Any) -> str:
        self._check_scope()
        return super().explain(*args, **kwargs)

    def raw(self, *args: Any, **kwargs: Any) -> Any:
        raise UnscopedQuery("raw SQL says nothing of tenants; use a connection and say why")

    def _both_scoped(self, *others: models.QuerySet) -> None:
        for each in (self, *others):
            if isinstance(each, TenantQuerySet):
                each._check_scope()

    def __or__(self, other: models.QuerySet) -> models.QuerySet:
        self._both_scoped(other)
        return super().__or__(other)

    def __xor__(self, other: models.QuerySet) -> models.QuerySet:
        self._both_scoped(other)
        return super().__xor__(other)

    def union(self, *others: models.QuerySet, all: bool = False) -> models.QuerySet:
        self._both_scoped(*others)
        return super().union(*others, all=all)


class TenantRow(models.Model):
    """A business row: of one tenant, with a key that sorts by time.

    ``shared_through`` names the paths to organisations that see the row besides its tenant,
    for example ``("insured", "policy__insured")``. Rows may also be shared one by one with
    `core.services.share_row`.
    """

    shared_through: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    tenant = models.ForeignKey("core.Organisation", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("-id",)

    @classmethod
    def visibility(cls, actor: Actor) -> models.Q:
        """Which rows an actor sees, as a condition. Override to narrow it further."""
        organisation = actor.organisation.pk
        seen = models.Q(tenant_id=organisation)
        for path in cls.shared_through:
            seen |= models.Q(**{path: organisation})
        shares = share_model().objects.filter(
            subject_type=cls._meta.label_lower, organisation_id=organisation
        )
        return seen | models.Q(pk__in=shares.values("subject_id"))

    def validate_unique(self, exclude: Any = None) -> None:
        """Uniqueness may span tenants, so this check looks at all rows."""
        with lifted("uniqueness spans tenants"):
            super().validate_unique(exclude)

    def validate_constraints(self, exclude: Any = None) -> None:
        """Constraints may span tenants, so this check looks at all rows."""
        with lifted("constraints span tenants"):
            super().validate_constraints(exclude)


def share_model() -> Any:
    """The model of explicit shares (imported late: it stands on this module's neighbours)."""
    from dinghai_platform.core.models import Share

    return Share


Row = TypeVar("Row", bound=TenantRow)


def visible_or_404(rows: Any, actor: Actor, **lookup: Any) -> Any:
    """The one row of a model (or of a query set on it) that the actor sees, else Http404.

    A foreign tenant's row and one that never was are the same answer.
    """
    query = rows.objects.all() if isinstance(rows, type) else rows
    try:
        return query.visible_to(actor).get(**lookup)
    except (query.model.DoesNotExist, ValidationError, ValueError, TypeError) as error:
        raise Http404(f"no such {query.model._meta.verbose_name}") from error
    except query.model.MultipleObjectsReturned:
        return query.visible_to(actor).filter(**lookup).distinct().get()


def locked(row: Row) -> Row:
    """The row as it is now, locked until the transaction ends."""
    query = type(row)._base_manager.filter(pk=row.pk)
    if connection.features.has_select_for_update:
        # Keys never change: rows that refer to this one may still be written meanwhile.
        query = query.select_for_update(of=("self",), no_key=True)
    fresh: Row = query.get()
    return fresh


@contextlib.contextmanager
def lifted(reason: str) -> Iterator[None]:
    """Within this block queries need not be scoped (Python's guard alone)."""
    if not reason.strip():
        raise ValueError("lifting the guard needs its reason")
    token = _lifted.set(reason)
    try:
        yield
    finally:
        _lifted.reset(token)


@contextlib.contextmanager
def scope_of(actor: Actor, *, tenant: Any = None) -> Iterator[None]:
    """Tell the database for whom it answers; PostgreSQL's row-level security asks for it.

    ``tenant`` names the insurer in whose books the work is done, where the actor is of another
    organisation: a service by which an insured writes a new row of a tenant does so inside
    ``scope_of(actor, tenant=tenant)``. Python's guard is in force inside, whatever it was before.
    """
    owner = tenant or actor.tenant
    token = _lifted.set("")
    try:
        with _database_scope(str(owner.pk) if owner else "", str(actor.organisation.pk)):
            yield
    finally:
        _lifted.reset(token)


@contextlib.contextmanager
def crossing_tenants(reason: str) -> Iterator[None]:
    """Every tenant's rows, in Python and in PostgreSQL: the queue, verification, statistics."""
    with lifted(reason), _database_scope(EVERY_TENANT, ""):
        yield


_scope: ContextVar[tuple[str, str]] = ContextVar("dinghai_scope", default=("", ""))


@contextlib.contextmanager
def _database_scope(tenant: str, organisation: str) -> Iterator[None]:
    if connection.vendor != "postgresql" or _scope.get() == (tenant, organisation):
        yield
        return
    token = _scope.set((tenant, organisation))
    _tell_database(tenant, organisation)
    try:
        yield
    finally:
        _scope.reset(token)
        # A connection whose transaction has failed answers nothing until it is rolled back,
        # and a rollback restores the setting of before by itself.
        if connection.connection is not None and not connection.needs_rollback:
            with contextlib.suppress(Exception):
                _tell_database(*_scope.get())


def _tell_database(tenant: str, organisation: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('dinghai.tenant', %s, false),"
            " set_config('dinghai.organisation', %s, false)",
            [tenant, organisation],
        )
