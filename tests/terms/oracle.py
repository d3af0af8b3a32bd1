"""A second, plain and slow reading of a policy: what docs/explanation/terms.md says, in its order.

It serves only to contradict the engine. It shares no step, table or function of the engine's, so
that both may be wrong only independently; where the text leaves a choice, a comment says so.
``oracle_facts`` reads facts and rounds, ``oracle_losses`` values an item, ``oracle_event`` comes to
the losses of sections, and here they pass the stages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dinghai.terms.program import ItemShape
from dinghai.vocabulary.facts import UNKNOWN
from dinghai.wording.layers import Layer
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Section, Tower, Valuation
from tests.terms.oracle_event import Event, Line, named, readings
from tests.terms.oracle_facts import (
    WHOLE,
    Facts,
    acts,
    allot,
    cut,
    effect_of,
    every,
    is_explained,
    part,
    pro_rata,
    some,
)
from tests.terms.oracle_losses import reduce_item, value_item


def decide(
    policy: Policy, items: Sequence[ItemShape], cells: Mapping[str, int]
) -> dict[str, int]:
    """Everything the text defines about one event, by the engine's names.

    Of readings under different kinds of penalties the one that leaves least counts.
    """
    found = [Oracle(Facts(policy, items, cells), one).run()
             for one in readings(policy.product.exclusions)]
    return min(found, key=lambda one: one["due"])


class Oracle(Event):
    """One event through one policy."""

    def run(self) -> dict[str, int]:
        self._losses()
        stages: dict[str, Callable[[], None]] = {
            "recoveries": self._recoveries, "average": self._average,
            "retention": self._retention, "sublimit": self._sublimit,
            "shared_limits": self._shared_limits, "event_deductible": self._event_deductible,
            "insured_share": self._insured_share, "premium_paid": self._premium_paid,
            "other_insurance": self._other_insurance,
            "each_event_limit": self._each_event_limit,
            "aggregate_limit": self._aggregate_limit, "layers": self._layers,
        }
        for stage in self.product.calculation_order:
            stages[stage]()
            self.done.append(stage)
        self._results()
        return self.out

    # The stages

    def _cash(self) -> list[Line]:
        return [one for one in self.lines if not one.in_kind]

    def _take_to(self, lines: Sequence[Line], cap: int) -> None:
        for line, amount in zip(lines, cut([one.amount for one in lines], cap), strict=True):
            line.amount = amount

    def _sum_of(self, line: Line, identifier: str) -> int:
        return sum(self.facts.amount(identifier, one.index) for one in line.items)

    def _recovered(self, line: Line) -> int:
        return sum(min(one.amount, self.facts.amount("item.recovered", one.index))
                   for one in line.items)

    def _recoveries(self) -> None:
        for line in self.lines:
            line.amount = max(line.amount - self._recovered(line), 0)
        for own in self.product.exclusions:
            if own.acts_on != "event":
                continue
            hit = [one for one in self.lines if acts(self.facts, own, one.coverage)]
            effect = effect_of(self.facts, own)
            if hit and effect.type == "reduce_by_fact":
                less = self.facts.amount(str(effect.fact))
                self._take_to(hit, sum(one.amount for one in hit) - less)

    def _average(self) -> None:
        for line in self.lines:
            if not line.section.average:
                continue
            # terms.md does not say how several statements of it go together: the highest counts
            insurable = max(
                self.facts.amount(kind, one.index) for one in line.items
                for kind in ("bi.insurable_amount", "property.insurable_amount"))
            sublimit = self.policy.sublimit(line.coverage)
            if insurable > sublimit and is_explained(self.policy, f"average:{line.coverage}"):
                line.amount = pro_rata(line.amount, sublimit, insurable)

    def _account(self, line: Line) -> str:
        """Whose event deductible a line meets: everybody's one, or the insured's own."""
        return line.insured if self.product.limits.deductible_per == "insured" else ""

    def _deductible_left(self, account: str, at_least: int = 0) -> int:
        """What is left of the event deductible, or of the share of the sum where that is higher."""
        if not is_explained(self.policy, "event_deductible"):
            return 0
        # everybody's deductible is multiplied only by what is confined to nobody
        multiply = self._penalty("", "multiply")
        whole = part(self.schedule.event_deductible_fen, WHOLE + multiply)
        left = whole - self.facts.before(named("event_deductible", account))
        # terms.md leaves open what comes off the share: what sections' waiting took of it now
        return max(max(left, at_least) - self.deductible_taken.get(account, 0), 0)

    def _retention(self) -> None:
        for line in self.lines:
            if self._waits(line.section):
                taken = self._taken_by_waiting(line)
            else:
                taken = self._taken_by_own_retention(line)
            taken = min(taken, line.amount)
            line.amount -= taken
            line.retained += taken

    def _taken_by_waiting(self, line: Line) -> int:
        waiting = line.section.waiting
        assert waiting is not None
        account, left = self._account(line), 0
        waited = min(line.waiting, line.amount)
        own = line.section.retention.kind not in {"none", "event_deductible"}
        if own:
            after = waiting.mode == "waiting_then_deductible"
            left = self._own_retention(line, line.amount - (waited if after else 0))
        elif line.section.retention.kind == "event_deductible" and not line.in_kind:
            left = self._deductible_left(account)
        if waiting.mode == "replaces_deductible":
            return waited
        if waiting.mode == "higher_of":
            taken = min(max(waited, left), line.amount)
            of_deductible = min(taken, left)
        elif waiting.mode == "waiting_then_deductible":
            of_deductible = min(left, line.amount - waited)
            taken = waited + of_deductible
        else:
            kept = waiting.deductible == "kept"
            taken = of_deductible = min(left, line.amount) if kept else 0
        if not own:
            self._book_deductible(account, of_deductible)
        return taken

    def _book_deductible(self, account: str, taken: int) -> None:
        self.deductible_taken[account] = self.deductible_taken.get(account, 0) + taken

    def _taken_by_own_retention(self, line: Line) -> int:
        return self._own_retention(line, line.amount)

    def _own_retention(self, line: Line, loss: int) -> int:
        own = line.section.retention
        if own.kind in {"none", "event_deductible"} or not is_explained(
                self.policy, f"retention:{line.coverage}"):
            return 0
        of = self.policy.sublimit(line.coverage) if own.of == "sublimit" else loss
        share = part(of, own.ppm)
        taken = {"fixed": own.amount_fen, "percentage": share,
                 "higher_of": max(own.amount_fen, share),
                 "lower_of": min(own.amount_fen, share)}[own.kind]
        taken = max(taken, own.minimum_fen)
        if own.maximum_fen is not None:
            taken = min(taken, own.maximum_fen)
        return part(taken, WHOLE + self._penalty(line.coverage, "multiply"))

    def _sharing_a_sublimit(self) -> list[list[Line]]:
        groups: dict[str, list[Line]] = {}
        for line in self.lines:
            per_insured = line.section.sublimit.per == "insured"
            groups.setdefault(line.name if per_insured else line.coverage, []).append(line)
        return list(groups.values())

    def _section_word(self, line: Line) -> str:
        """The name under which a line's sublimit erodes."""
        own = line.section.sublimit
        word = "section" if own.basis == "annual" else "event_section"
        return f"{word}.{named(line.coverage, line.insured if own.per == 'insured' else '')}"

    def _sublimit_left(self, lines: Sequence[Line]) -> int:
        first = lines[0]
        left = (self.policy.sublimit(first.coverage)
                - self.facts.before(self._section_word(first)))
        return max(left - sum(one.included for one in lines), 0)

    def _sublimit(self) -> None:
        for lines in self._sharing_a_sublimit():
            before = [one.amount for one in lines]
            if lines[0].section.retention.limit == "including":
                # terms.md says "stage 3"; in an order with the event deductible before the
                # sublimit, what that took is retained just as well
                for line in lines:
                    line.included = line.retained
            self._take_to(lines, self._sublimit_left(lines))
            for line, amount in zip(lines, before, strict=True):
                line.beyond_sublimit = amount - line.amount

    def _shared_limits(self) -> None:
        for shared in self.product.shared_limits:
            lines = [one for one in self.lines if one.coverage in shared.coverages]
            if not lines:
                continue
            limit = shared.amount_fen
            if limit is None:
                limit = part(self.schedule.aggregate_limit_fen, shared.ppm_of_aggregate or 0)
            self._take_to(lines, limit - self.facts.before(self._shared_word(shared.id)))

    def _shared_word(self, shared_id: str) -> str:
        basis = next(one.basis for one in self.product.shared_limits if one.id == shared_id)
        return f"{'shared' if basis == 'annual' else 'event_shared'}.{shared_id}"

    def _event_deductible(self) -> None:
        bearing = [
            one for one in self._cash() if one.section.retention.then_event_deductible
            or (one.section.retention.kind == "event_deductible"
                and not self._waits(one.section) and not _takes_it_away(one.section))]
        for account in dict.fromkeys(self._account(one) for one in bearing):
            lines = [one for one in bearing if self._account(one) == account]
            whole = sum(one.amount for one in lines)
            share = part(whole, self.schedule.event_deductible_ppm)
            taken = min(self._deductible_left(account, share), whole)
            before = [one.amount for one in lines]
            self._take_to(lines, whole - taken)
            for line, amount in zip(lines, before, strict=True):
                line.retained += amount - line.amount
            self._book_deductible(account, taken)
        self._bounds_of_retention()

    def _bounds_of_retention(self) -> None:
        lines = self._cash()
        retained = sum(one.retained for one in lines)
        minimum, maximum = self.schedule.retention_minimum_fen, self.schedule.retention_maximum_fen
        if retained < minimum and is_explained(self.policy, "retention_minimum"):
            missing = minimum - retained - sum(one.beyond_sublimit for one in lines)
            before = [one.amount for one in lines]
            self._take_to(lines, sum(before) - max(missing, 0))
            for line, amount in zip(lines, before, strict=True):
                line.retained += amount - line.amount
        elif maximum is not None and retained > maximum:
            room = self._rooms(lines)
            back = cut([room[one.name] for one in lines], retained - maximum)
            for line, given in zip(lines, back, strict=True):
                line.amount += given
                line.retained -= given
            # terms.md names only the sublimit; a shared limit is no more to be passed than that
            if "shared_limits" in self.done:
                self._shared_limits()

    def _rooms(self, lines: Sequence[Line]) -> dict[str, int]:
        """What may be given back to each: what it retained, as far as the sublimit is left."""
        rooms = {one.name: one.retained for one in lines}
        if "sublimit" not in self.done:
            return rooms  # in an order that cuts to the sublimit later, that stage sees to it
        for group in self._sharing_a_sublimit():
            cash = [one for one in group if one.name in rooms]
            left = self._sublimit_left(group) - sum(one.amount for one in group)
            kept = cut([one.retained for one in cash], left)
            rooms.update(zip([one.name for one in cash], kept, strict=True))
        return rooms

    def _insured_share(self) -> None:
        for line in self.lines:
            share = self._penalty(line.coverage, "points")
            if is_explained(self.policy, f"insured_share:{line.coverage}"):
                share += line.section.insured_share_ppm
            line.amount = part(line.amount, WHOLE - min(share, WHOLE))

    def _premium_paid(self) -> None:
        if self.product.instalments is None or not is_explained(self.policy, "premium_paid"):
            return
        if UNKNOWN in (self.facts.cell("premium.paid"), self.facts.cell("premium.due")):
            return  # that nothing was paid may be established, too
        paid, due = self.facts.amount("premium.paid"), self.facts.amount("premium.due")
        if paid < due:
            for line in self.lines:
                line.amount = pro_rata(line.amount, paid, due)

    def _other_insurance(self) -> None:
        rule = self.product.other_insurance.rule
        if rule == "none":
            return
        key = {"sums_insured": "item.other_insurance_sum",
               "independent_liability": "item.other_insurance_liability", "excess": ""}[rule]
        for line in self.lines:
            paid = self._sum_of(line, "item.other_insurance_paid")
            if key and any(self.facts.known(key, one.index) for one in line.items):
                # of one other policy, named on several items, the sum insured counts once, while
                # what it would pay by itself is a matter of each item
                known = [self.facts.amount(key, one.index) for one in line.items]
                other = max(known) if rule == "sums_insured" else sum(known)
                own = (self.policy.sublimit(line.coverage) if rule == "sums_insured"
                       else line.amount)
                if own + other > 0:
                    line.amount = pro_rata(line.amount, own, own + other)
            else:
                line.amount = max(line.amount - paid, 0)
            recovered = self._recovered(line) if "recoveries" in self.done else 0
            line.amount = min(line.amount, max(line.loss - recovered - paid, 0))

    def _inside(self) -> list[Line]:
        return [one for one in self.lines if one.inside]

    def _each_event_limit(self) -> None:
        lines = self._inside()
        if lines:
            self._take_to(lines, self.schedule.each_event_limit_fen
                          - self.facts.before("event_paid"))

    def _aggregate_limit(self) -> None:
        lines = self._inside()
        if lines:
            times = 1 + self.product.limits.reinstatements
            self._take_to(lines, self.schedule.aggregate_limit_fen * times
                          - self.facts.before("aggregate_paid"))

    def _layers(self) -> None:
        lines = self._inside()
        if not self.schedule.layers or not lines:
            return
        self.presented = sum(one.amount for one in lines)
        self._take_to(lines, sum(self._layer(one) for one in self.schedule.layers))

    def _layer(self, layer: Layer) -> int:
        """What one layer pays; its bearing, shares and reinstatement are noted."""
        word = "presented" if layer.basis == "aggregate" else "event_presented"
        earlier, limit = self.facts.before(word), layer.limit_fen

        def reached(sum_presented: int) -> int:
            return min(max(sum_presented - layer.attachment_fen, 0), limit)

        own = layer.limit_fen if layer.aggregate_fen is None else layer.aggregate_fen
        borne_before = self.facts.before(f"layer.{layer.id}")
        left = max(own * (1 + layer.reinstatements) - borne_before, 0)
        borne = min(reached(earlier + self.presented) - reached(earlier), left)
        self.out[f"layer.{layer.id}"] = self.out[f"erode.layer.{layer.id}"] = borne
        if layer.reinstatements:
            # terms.md does not say how much one reinstatement gives back: a layer's limit
            self._reinstate(layer.id, limit * layer.reinstatements, borne_before, borne,
                            layer.premium_fen, layer.reinstatement_premium_ppm, limit)
        if not layer.participants:
            return borne
        shares = [one.share_ppm for one in layer.participants]
        placed = part(borne, sum(shares))
        paid = 0
        for one, amount in zip(layer.participants, allot(placed, shares), strict=True):
            self.out[f"share.{layer.id}.{one.party}"] = amount
            paid += amount if one.role != "insured" else 0
        return paid

    def _reinstate(self, name: str, most: int, before: int, now: int, premium: int, ppm: int,
                   limit: int) -> None:
        again = min(before + now, most) - min(before, most)
        self.out[f"reinstated.{name}"] = again
        self.out[f"reinstatement_premium.{name}"] = pro_rata(part(premium, ppm), again, limit)

    # After the stages

    def _results(self) -> None:
        out, towers = self.out, self._towers()
        cash = self._cash()
        for line in self.lines:
            out[f"pay.{line.name}"] = 0 if line.in_kind else line.amount + line.defence
            if line.in_kind:
                out[f"in_kind.{line.name}"] = line.amount
            elif line.defence or self._defends(line):
                out[f"defence.{line.name}"] = line.defence
        out.update({f"pay.{name}": amount for name, amount in towers.items()})
        # terms.md does not define these words; they are read as "of the aggregate limit"
        out["inside"] = sum(one.amount for one in self._inside())
        out["due"] = sum(one.amount + one.defence for one in cash) + sum(towers.values())
        out["outside"] = out["due"] - out["inside"]
        out["interim"] = min(self.facts.before("interim_paid"), out["due"])
        out["total"] = out["due"] - out["interim"]
        self._erosion()

    def _defends(self, line: Line) -> bool:
        return (self.product.limits.defence == "outside" and line.section.valuation is not None
                and line.section.valuation.method == "liability")

    def _erosion(self) -> None:
        out, cash = self.out, self._cash()
        for lines in self._sharing_a_sublimit():
            out[f"erode.{self._section_word(lines[0])}"] = sum(one.amount for one in lines)
        for shared in self.product.shared_limits:
            lines = [one for one in self.lines if one.coverage in shared.coverages]
            if lines:
                word = self._shared_word(shared.id)
                out[f"erode.{word}"] = sum(one.amount for one in lines)
        inside = sum(one.amount for one in self._inside())
        out["erode.event_paid"] = out["erode.aggregate_paid"] = inside
        if self.schedule.layers and self._inside():
            for word in ("presented", "erode.presented", "erode.event_presented"):
                out[word] = self.presented
        if self.product.limits.reinstatements:
            aggregate, limits = self.schedule.aggregate_limit_fen, self.product.limits
            if self._inside():
                self._reinstate("aggregate", aggregate * limits.reinstatements,
                                self.facts.before("aggregate_paid"), inside,
                                self.schedule.gross_premium_fen or 0,
                                limits.reinstatement_premium_ppm, aggregate)
        for account in dict.fromkeys(self._account(one) for one in cash):
            out[f"erode.{named('event_deductible', account)}"] = self.deductible_taken.get(
                account, 0)

    def _towers(self) -> dict[str, int]:
        """Covers that the law puts outside: trigger, valuation, exclusions; a cap for one event."""
        paid: dict[str, int] = {}
        for tower in self.product.towers:
            amounts = {named(tower.coverage, insured): self._tower_loss(tower, indices)
                       for insured, indices in self._insureds(tower.coverage)}
            if tower.cap == "sum_insured":
                kept = cut(list(amounts.values()), self.schedule.aggregate_limit_fen)
                amounts = dict(zip(amounts, kept, strict=True))
            paid |= amounts
        return paid

    def _tower_loss(self, tower: Tower, indices: Sequence[int]) -> int:
        in_time = some([self._within("incident.first_occurrence_at"),
                        self._within("incident.discovered_at")])
        if (every([self._any_trigger(tower.triggers), in_time]) is not True
                or self._excluded(tower.coverage)):
            return 0
        as_section = Section(coverage=tower.coverage, clause=tower.clause,
                             valuation=Valuation(method="actual_cost"))
        total = 0
        for index in indices:
            item = value_item(self.facts, as_section, index)
            reduce_item(self.facts, as_section, item)
            total += item.amount
        return total


def _takes_it_away(section: Section) -> bool:
    """A waiting mode under which the event deductible never touches the section."""
    waiting = section.waiting
    return waiting is not None and (waiting.mode == "replaces_deductible" or (
        waiting.mode == "franchise_hours" and waiting.deductible == "waived"))
