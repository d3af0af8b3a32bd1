"""Layers and their participants in words: who insures, who contributes, who retains."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dinghai.claims.layering import kind_of
from dinghai.documents.blocks import Clause
from dinghai.documents.formats import money, percent
from dinghai.documents.phrases import phrase
from dinghai.documents.reader import Reader
from dinghai.documents.readings import code_words
from dinghai.foundation.money import PPM
from dinghai.wording.layers import Layer


def layers_of(reader: Reader) -> tuple[Layer, ...]:
    """The scheduled layers of a policy, else those of the product."""
    return reader.product.layers if reader.policy is None else reader.policy.schedule.layers


def layer_clauses(reader: Reader, number: Callable[[str], str]) -> list[Clause]:
    """One clause a layer."""
    clauses = {one.id: one.clause for one in reader.product.layers}
    return [_layer(one, reader, number(clauses.get(one.id, ""))) for one in layers_of(reader)]


def _layer(layer: Layer, reader: Reader, number: str) -> Clause:
    say = reader.say
    extent = [extent_words(layer, reader), say(f"calculation.layer_{layer.basis}")]
    if layer.aggregate_fen is not None:
        extent.append(say("calculation.layer_annual", amount=money(layer.aggregate_fen)))
    if layer.reinstatements:
        extent.append(say("calculation.layer_reinstated", count=layer.reinstatements,
                          percent=percent(layer.reinstatement_premium_ppm)))
    if layer.premium_fen:
        extent.append(say("calculation.layer_premium", amount=money(layer.premium_fen)))
    body = [reader.sentences(extent)]
    if not layer.participants:
        body.append(say("calculation.layer_whole"))
    if any(kind_of(one) == "contribution" for one in layer.participants):
        body.append(say("calculation.layer_law"))
    name = reader.pick(layer.name_zh, layer.name_en)
    return Clause(number, say("calculation.layers_title", name=name), tuple(body),
                  tuple(participants_words(layer, reader)))


def extent_words(layer: Layer, reader: Reader) -> str:
    """Attachment and limit, in fen where they are agreed."""
    if layer.limit_fen:
        return reader.say("calculation.layer_fen", attachment=money(layer.attachment_fen),
                          limit=money(layer.limit_fen))
    return reader.say("calculation.layer_ppm", attachment=percent(layer.attachment_ppm),
                      limit=percent(layer.limit_ppm))


def participants_words(layer: Layer, reader: Reader) -> Iterator[tuple[str, str]]:
    """Who bears which share, and as what; what is not placed stays with the insured."""
    say = reader.say
    for one in layer.participants:
        bearing = [f"bearing.{kind_of(one)}"]
        if one.bearer != "named":
            bearing.append(f"bearer.{one.bearer}")
        yield party_words(one.party, one.role, reader), reader.clauses(
            [percent(one.share_ppm), *map(say, bearing)])
    rest = PPM - sum(one.share_ppm for one in layer.participants)
    if layer.participants and rest:
        yield say("calculation.layer_open"), reader.clauses(
            [percent(rest), say("bearing.unplaced")])


def party_words(party: str, role: str, reader: Reader) -> str:
    """A party with its role, said once where the party is called by its role."""
    if party == phrase(f"role.{role}"):
        return reader.say(f"role.{role}")
    return reader.say("calculation.layer_party", role=reader.say(f"role.{role}"),
                      party=code_words("party", party, reader.language))


def reinstatement_words(reader: Reader) -> str:
    """How often the aggregate limit comes back, and for what."""
    limits = reader.product.limits
    if not limits.reinstatements:
        return ""
    return reader.say("general.reinstated", count=limits.reinstatements,
                      percent=percent(limits.reinstatement_premium_ppm))
