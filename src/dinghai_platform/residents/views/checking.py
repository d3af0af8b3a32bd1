"""The public page that tells whether a certificate's code is genuine."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_certificate import CertificateFacts, CertificateProof, read_code
from dinghai_platform.core.checkpoints import public_key_hex
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.residents.checked_files import code_in, content_of, is_proof, proof_in
from dinghai_platform.residents.faults import said
from dinghai_platform.residents.forms import VerifyForm
from dinghai_platform.residents.limits import allowed_again
from dinghai_platform.residents.models import Certificate, Enrolment
from dinghai_platform.residents.proofs import State, facts_of, number_of, state_of


@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """Paste a code or send a file: genuine or not, and what it says, masked."""
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    found: dict[str, Any] = {}
    status = 200
    if request.method == "POST" and not allowed_again(request, "verify"):
        found, status = {"too_often": True}, 429
    elif request.method == "POST" and form.is_valid():
        found = _checked(form.cleaned_data)
    return render(request, "residents/verify.html", {
        "form": form, "public_key": public_key_hex(), **found}, status=status)


def _checked(sent: dict[str, Any]) -> dict[str, Any]:
    try:
        content = content_of(sent["file"]) if sent["file"] else b""
        if is_proof(content):
            return _proved(proof_in(content, public_key_hex()))
        code = code_in(content) if sent["file"] else "".join(sent["code"].split())
        facts = read_code(code, public_key_hex())
    except InputError as error:
        fault = error.faults[0]
        return {"asked": True, "refused": said(fault.message), "mend": said(fault.mend or "")}
    standing, today = _today(int(facts.number.rpartition("-")[2]), facts.number)
    return {"asked": True, "facts": today or facts, "standing": standing,
            "was_changed": today is not None and today != facts}


def _proved(proof: CertificateProof) -> dict[str, Any]:
    standing, today = _today(proof.number, f"{proof.sealed.scheme}-{proof.number:010}")
    return {"asked": True, "proved": proof, "facts": today, "standing": standing}


def _today(number: int, whole: str) -> tuple[State, CertificateFacts | None]:
    """What the register says of it today, whatever the code said when it was made; without facts
    where the register does not have it. ``whole`` is the number as people read it."""
    with crossing_tenants("a signed code names one certificate of any insurer"):
        one = Certificate.objects.unscoped("a signed code names one certificate").filter(
            id=number, state=Certificate.State.IN_FORCE,
            chunk__enrolment__state=Enrolment.State.SEALED,
        ).select_related("chunk__enrolment__scheme", "chunk__enrolment__tenant").first()
        if one is None or number_of(one) != whole:
            return "not_in_force", None
        now = facts_of(one)
        return state_of(one, now), now
