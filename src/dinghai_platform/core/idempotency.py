"""One key, one answer: the answer to a write is kept in the same transaction as the write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.models import IdempotentAnswer

KEY_MAXIMUM = 200
OPERATION_MAXIMUM = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answered: status, media type and text."""

    status: int
    text: str
    media_type: str = "application/json"
    repeated: bool = False


class KeyReused(Refusal):
    """The key was used before for another request (409)."""


class NotKept(Exception):
    """Carries an answer that must not be kept: its write failed and is undone."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)


def answer_once(
    *, owner: str, key: str, operation: str, body: bytes, produce: Callable[[], Answer]
) -> Answer:
    """The answer kept for this key, or the one that ``produce`` gives, kept with its writes.

    ``owner`` says whose key it is (`Actor.key`), ``operation`` what is asked ("POST /api/…" or
    a service's name). ``produce`` runs inside a transaction; an exception, or an answer of
    status 400 and above, undoes it and keeps nothing, so that the key may be tried again.
    Raises KeyReused when the key came with another operation or body, InputError for a key
    that is empty or too long. Two at once: one does the work, the other gets its answer.
    """
    _check_key(key)
    if len(operation) > OPERATION_MAXIMUM:  # a long query: its hash tells it as well
        operation = operation[:200] + "#" + hashlib.sha256(operation.encode()).hexdigest()
    body_hash = hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            # Taking the key first makes a second request with it wait for this transaction.
            slot = IdempotentAnswer(
                owner=owner, key=key, operation=operation, body_hash=body_hash, status=0
            )
            with transaction.atomic():
                slot.save(force_insert=True)
            answer = produce()
            if answer.status >= 400:
                raise NotKept(answer)
            slot.status, slot.media_type, slot.answer = (
                answer.status,
                answer.media_type,
                answer.text,
            )
            slot.save(update_fields=("status", "media_type", "answer"))
            return answer
    except NotKept as failed:
        return failed.answer
    except IntegrityError:
        kept = IdempotentAnswer.objects.filter(owner=owner, key=key).first()
        if kept is None:
            raise  # some other constraint of the write itself
        if (kept.operation, kept.body_hash) != (operation, body_hash):
            raise KeyReused("this idempotency key was used for another request") from None
        return Answer(kept.status, kept.answer, kept.media_type, repeated=True)


def _check_key(key: str) -> None:
    if not key.strip() or len(key) > KEY_MAXIMUM or not key.isprintable():
        raise InputError(
            "the idempotency key is not usable",
            field="Idempotency-Key",
            mend=f"send 1 to {KEY_MAXIMUM} printable characters, for example a UUID",
        )
