"""Who the enterprise is: the 13 exposures of the risk questionnaire, and the limits it wants."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final

from dinghai.assessment.reading import FieldReader
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import PERILS

PROFILE_SCHEMA: Final = "dinghai.profile/1"
PROVIDER_KINDS: Final = (
    "cloud", "payment", "saas", "erp", "logistics", "hosting", "dns_cdn", "security", "telecom",
    "other",
)
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_IDENTIFIER: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Organisation:
    """The enterprise's names and its unified social credit code (empty when not given)."""

    name_zh: str
    name_en: str
    credit_code: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that the business relies on."""

    id: str
    name: str
    kind: str
    critical: bool


@dataclass(frozen=True, slots=True)
class PastIncident:
    """One incident of the last five years; ``loss_fen`` None is unknown."""

    occurred_on: date
    peril: str
    loss_fen: Fen | None
    remedied: bool


@dataclass(frozen=True, slots=True)
class LimitsWanted:
    """What the enterprise would like to buy; None leaves it to the product."""

    limit_fen: Fen
    event_deductible_fen: Fen
    waiting_seconds: int | None = None
    retroactive_date: date | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The exposures. Money in fen, ratios in ppm, time in seconds; None is unknown."""

    organisation: Organisation
    revenue_fen: Fen
    gross_profit_rate_ppm: int
    gross_profit_per_day_fen: Fen | None
    industry: str
    pi_records_general: int
    pi_records_sensitive: int
    important_data: bool | None
    critical_infrastructure: bool | None
    online_revenue_ppm: int
    tolerable_outage_seconds: int
    providers: tuple[Provider, ...]
    ot_systems: int
    headcount: int
    endpoints: int
    jurisdictions: tuple[str, ...]
    high_value_payments_per_year: int
    mlps_level: int | None
    loss_history: tuple[PastIncident, ...]
    limits_wanted: LimitsWanted

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; dates are ISO texts."""
        document: dict[str, Any] = _plain(asdict(self))
        return document

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Profile:
        """The profile that ``to_dict`` wrote. Raises InputError for anything else."""
        try:
            given = dict(value)
            wanted = dict(given["limits_wanted"])
            wanted["retroactive_date"] = _day(wanted["retroactive_date"])
            given["limits_wanted"] = LimitsWanted(**wanted)
            given["organisation"] = Organisation(**given["organisation"])
            given["providers"] = tuple(Provider(**item) for item in given["providers"])
            given["loss_history"] = tuple(
                PastIncident(**{**item, "occurred_on": date.fromisoformat(item["occurred_on"])})
                for item in given["loss_history"])
            given["jurisdictions"] = tuple(given["jurisdictions"])
            return cls(**{item.name: given.pop(item.name) for item in fields(cls)}, **given)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a profile: {error}", field="profile",
                             mend="see dossier.schema.json") from error


def read_profile(text: str, file: str) -> Profile:
    """The profile of a ``profile.toml``. Raises InputError with every fault of the file."""
    reader = FieldReader.of_toml(text, file)
    reader.require_schema(PROFILE_SCHEMA)
    organisation = reader.table("organisation")
    exposures = reader.table("exposures")
    wanted = reader.table("limits_wanted")
    profile = Profile(
        organisation=Organisation(
            name_zh=organisation.text("name_zh"),
            name_en=organisation.text("name_en", default=""),
            credit_code=_credit_code(organisation),
        ),
        revenue_fen=exposures.money("revenue", minimum=1),
        gross_profit_rate_ppm=exposures.ratio("gross_profit_rate"),
        gross_profit_per_day_fen=exposures.optional_money("gross_profit_per_day"),
        industry=exposures.choice("industry", tuple(industries())),
        pi_records_general=exposures.count("pi_records_general"),
        pi_records_sensitive=exposures.count("pi_records_sensitive"),
        important_data=exposures.flag("important_data"),
        critical_infrastructure=exposures.flag("critical_infrastructure"),
        online_revenue_ppm=exposures.ratio("online_revenue"),
        tolerable_outage_seconds=exposures.duration("tolerable_outage"),
        providers=_providers(reader),
        ot_systems=exposures.count("ot_systems"),
        headcount=exposures.count("headcount", minimum=1),
        endpoints=exposures.count("endpoints", minimum=1),
        jurisdictions=exposures.texts("jurisdictions"),
        high_value_payments_per_year=exposures.count("high_value_payments_per_year"),
        mlps_level=exposures.optional_count("mlps_level", maximum=5),
        loss_history=tuple(
            PastIncident(
                occurred_on=item.day("occurred_on"),
                peril=item.choice("peril", PERILS),
                loss_fen=item.optional_money("loss"),
                remedied=item.flag("remedied") is True,
            )
            for item in reader.tables("loss_history")
        ),
        limits_wanted=LimitsWanted(
            limit_fen=wanted.money("limit", minimum=1),
            event_deductible_fen=wanted.money("event_deductible"),
            waiting_seconds=wanted.optional_duration("waiting"),
            retroactive_date=wanted.optional_day("retroactive_date"),
        ),
    )
    reader.finish()
    return profile


def _providers(reader: FieldReader) -> tuple[Provider, ...]:
    found: dict[str, Provider] = {}
    for item in reader.tables("providers"):
        code = item.text("id")
        if code and not _IDENTIFIER.fullmatch(code):
            item.fault("id", f"{code!r} is not an identifier", "small letters, digits and hyphens")
        if code in found:
            item.fault("id", f"the provider {code!r} stands twice", "give each its own identifier")
        found[code] = Provider(code, item.text("name"), item.choice("kind", PROVIDER_KINDS),
                               item.flag("critical") is True)
    return tuple(found.values())


def _credit_code(table: FieldReader) -> str:
    code = table.text("credit_code", default="").upper()
    if code and not valid_credit_code(code):
        table.fault("credit_code", f"{code!r} is not a unified social credit code",
                    "18 characters with a valid check character (GB 32100-2015), or leave it out")
    return code


def valid_credit_code(code: str) -> bool:
    """Whether the check character of GB 32100-2015 is right."""
    if len(code) != 18 or any(letter not in CREDIT_ALPHABET for letter in code):
        return False
    return credit_check_character(code[:17]) == code[17]


def credit_check_character(body: str) -> str:
    """The check character of a code's first 17 characters (modulo 31, weights 3^i)."""
    total = sum(CREDIT_ALPHABET.index(letter) * pow(3, place, 31)
                for place, letter in enumerate(body))
    return CREDIT_ALPHABET[-total % 31]


def profile_faults(profile: Profile, on: date) -> list[Fault]:
    """What can only be wrong on a given day: incidents that have not happened yet."""
    return [
        Fault(f"{item.occurred_on} is after {on}", "profile.toml", None,
              "loss_history.occurred_on", "an incident lies in the past")
        for item in profile.loss_history if item.occurred_on > on
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
