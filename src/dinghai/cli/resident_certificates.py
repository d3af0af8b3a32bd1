"""`dinghai residents verify`: a certificate checked without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from dinghai.cli.output import Answer, Parser, add_command
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan
from dinghai.foundation.reading import plain, read_document
from dinghai.schemes.resident_certificate import PREFIX, check_proof, read_code


def register(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    one = add_command(commands, "verify", _verify,
                      "check a certificate's code or a proof of enrolment, without a network")
    one.add_argument("certificate", metavar="CODE|PROOF.json",
                     help="what the QR mark says, or a file of a proof")
    one.add_argument("--public-key", required=True, metavar="HEX",
                     help="the insurer site's key (`dinghai audit key`)")


def _verify(arguments: argparse.Namespace) -> Answer:
    text = arguments.certificate
    if text.startswith(PREFIX):
        facts = read_code(text, arguments.public_key)
        return Answer({"schema": "dinghai.certificate-code/1", "holds": True,
                       "certificate": plain(facts)}, [
            f"certificate  {facts.number}", f"scheme       {facts.scheme}",
            f"insurer      {facts.insurer}", f"holder       {facts.holder} {facts.identity}",
            f"plan         {facts.plan}, {format_yuan(facts.sum_insured_fen)}",
            f"days         {facts.first_day} to {facts.last_day}",
            *(f"from {one.from_day}  {one.plan}, {format_yuan(one.sum_insured_fen)}"
              for one in facts.coming),
            "The signature holds: it was issued so. Whether it is still in force, the register "
            "knows."])
    path = Path(text)
    if not path.is_file():
        raise InputError("this is neither the code of a certificate nor a file", field="code",
                         mend=f"a code begins with {PREFIX}")
    proof = check_proof(read_document(path), arguments.public_key, file=str(path))
    return Answer({"schema": "dinghai.certificate-code/1", "holds": True,
                   "certificate": {"number": proof.number, "scheme": proof.sealed.scheme,
                                   "enrolment": proof.sealed.enrolment}}, [
        f"Certificate {proof.number} is one of {proof.sealed.certificates} of scheme "
        f"{proof.sealed.scheme}, sealed {proof.sealed.sealed_at}."])
