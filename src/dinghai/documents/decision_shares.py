"""Who bears a decided claim: layers, parties and their shares, reinstatements, payees.

Only insurers insure (保险法6条): a commercial contribution stands beside the insurance and never
under its name.
"""

from __future__ import annotations

from dinghai.documents.blocks import Block, Cell, Column, Fields, Heading, Paragraph, Table
from dinghai.documents.booklet_layers import party_words
from dinghai.documents.formats import money, percent, plain_money
from dinghai.documents.reader import Reader
from dinghai.foundation.canonical import JSON


def share_total(decision: JSON, kind: str) -> int:
    """What all parties of a kind bear: ``insurance``, ``contribution`` or ``retained``."""
    return sum(int(share["fen"]) for layer in decision.get("layers", [])
               for share in layer["shares"] if share["kind"] == kind)


def share_figures(decision: JSON, reader: Reader) -> list[tuple[str, str, str]]:
    """Insurance and contribution apart, where there is a contribution."""
    contribution = share_total(decision, "contribution")
    if not contribution:
        return []
    say = reader.say
    return [(say("shares.insurance"), money(int(decision["total_fen"]) - contribution),
             say("shares.insurance_note")),
            (say("shares.contribution"), money(contribution), say("shares.contribution_note"))]


def share_blocks(decision: JSON, reader: Reader, number: str) -> list[Block]:
    """The section on layers and reinstatement; nothing where there are none."""
    layers, reinstatement = decision.get("layers", []), decision.get("reinstatement", {})
    if not layers and not reinstatement:
        return []
    blocks: list[Block] = [Heading(reader.say("shares.title", n=number))]
    if layers:
        blocks += [Paragraph(reader.say("shares.lead"), "keep"), _table(decision, reader)]
        if share_total(decision, "contribution"):
            blocks.append(Paragraph(reader.say("shares.law"), "strong"))
    rows = [row for layer in layers for row in _reinstated(
        layer.get("reinstated_fen", 0), layer.get("reinstatement_premium_fen", 0),
        _layer_name(layer, reader), reader)]
    rows += _reinstated(reinstatement.get("reinstated_fen", 0),
                        reinstatement.get("premium_fen", 0), reader.say("shares.aggregate"), reader)
    if rows:
        blocks.append(Fields(tuple(rows), 1))
    return blocks


def _layer_name(layer: JSON, reader: Reader) -> str:
    own = next((one for one in reader.product.layers if one.id == layer["id"]), None)
    return str(layer["id"]) if own is None else reader.pick(own.name_zh, own.name_en)


def _table(decision: JSON, reader: Reader) -> Table:
    say = reader.say
    rows: list[tuple[str | Cell, ...]] = []
    for layer in decision["layers"]:
        rows += _layer_rows(layer, reader)
    inside = sum(share_total(decision, kind) for kind in ("insurance", "contribution")) + sum(
        int(layer["borne_fen"]) for layer in decision["layers"] if not layer["shares"])
    foot = [("", say(f"shares.{kind}"), "", "", plain_money(share_total(decision, kind)))
            for kind in ("insurance", "contribution", "retained") if share_total(decision, kind)]
    outside = int(decision["total_fen"]) - inside
    if outside:
        foot.append(("", say("shares.outside"), "", "", plain_money(outside)))
    return Table(
        (Column(say("shares.layer"), share=4), Column(say("shares.party"), share=4),
         Column(say("shares.bearing"), share=4), Column(say("shares.share"), "right", 16),
         Column(say("shares.amount"), "right", 30)), tuple(rows), tuple(foot))


def _layer_rows(layer: JSON, reader: Reader) -> list[tuple[str | Cell, ...]]:
    say = reader.say
    head = Cell(_layer_name(layer, reader), say(
        "shares.extent", attachment=money(layer["attachment_fen"]),
        limit=money(layer["limit_fen"])), strong=True)
    rows: list[tuple[str | Cell, ...]] = [
        (head, "", "", "", Cell(plain_money(layer["borne_fen"]), strong=True))]
    for one in layer["shares"]:
        rows.append(("", party_words(one["party"], one["role"], reader),
                     Cell(say(f"bearing.{one['kind']}"),
                          tone="warn" if one["kind"] == "contribution" else ""),
                     percent(one["share_ppm"]), plain_money(one["fen"])))
    if layer.get("unplaced_fen"):
        rows.append(("", say("shares.unplaced"), say("bearing.unplaced"), "",
                     plain_money(layer["unplaced_fen"])))
    return rows


def _reinstated(fen: int, premium: int, name: str, reader: Reader) -> list[tuple[str, str]]:
    if not fen:
        return []
    rows = [(reader.say("shares.reinstated"), reader.label(name, money(fen)))]
    if premium:
        rows.append((reader.say("shares.reinstatement_premium"),
                     reader.label(name, money(premium))))
    return rows


def line_notes(line: JSON, reader: Reader) -> list[str]:
    """What a line's amount means: whom it is paid to, defence on top, a service's worth."""
    notes = []
    if line.get("payee") and line["payable_fen"] > 0:
        notes.append(reader.label(reader.say("shares.payee"),
                                  reader.say(f"shares.payee_{line['payee']}")))
    if line.get("defence_fen"):
        notes.append(reader.say("shares.defence", amount=money(line["defence_fen"])))
    if line.get("in_kind_fen"):
        notes.append(reader.say("shares.in_kind", amount=money(line["in_kind_fen"])))
    return notes
