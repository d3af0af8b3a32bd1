"""`dinghai manage partition_residents`: the register of certificates in parts of equal numbers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dinghai.foundation.errors import Refusal
from dinghai_platform.residents.partitioning import NUMBERS, partition_certificates


class Command(BaseCommand):
    """Make the register partitioned, or add partitions ahead of the next number."""

    help = "PostgreSQL alone: keep certificates in partitions by number, and make some ahead"

    def add_arguments(self, parser: CommandParser) -> None:
        """How large a partition is, and how many stand ready."""
        parser.add_argument("--numbers", type=int, default=NUMBERS,
                            help="certificate numbers of a partition")
        parser.add_argument("--ahead", type=int, default=4, help="partitions ready ahead")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do it in one transaction and say which partitions there are."""
        try:
            names = partition_certificates(numbers=options["numbers"], ahead=options["ahead"])
        except Refusal as error:
            raise CommandError(str(error)) from None
        for name in names:
            self.stdout.write(name)
