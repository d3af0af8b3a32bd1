"""What fits of files refuse, for the translators: pages show these in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_noop as _

PATTERNS: Final[Mapping[str, str]] = {
    r"the file is larger than (?P<a>\d+) MB": _("the file is larger than %(a)s MB"),
    r"one of: (?P<a>.+)": _("one of: %(a)s"),
    r"its columns are: (?P<a>.+)": _("its columns are: %(a)s"),
    r"there is no column (?P<a>.+)": _("there is no column %(a)s"),
    r"the column makes (?P<a>\d+) groups: a paper holds (?P<b>\d+)":
        _("the column makes %(a)s groups: a paper holds %(b)s"),
    r"the amounts are in (?P<a>.+)": _("the amounts are in %(a)s"),
    r"the incident table is not cut by (?P<a>.+)": _("the incident table is not cut by %(a)s"),
    r"(?P<a>.+) are not rising limits above the floor":
        _("%(a)s are not rising limits above the floor"),
    r"(?P<a>.+) is not an amount": _("%(a)s is not an amount"),
    r"not CSV: (?P<a>.+)": _("not CSV: %(a)s"),
    r"the workbook cannot be unpacked: (?P<a>.+)": _("the workbook cannot be unpacked: %(a)s"),
    r"the workbook cannot be read: (?P<a>.+)": _("the workbook cannot be read: %(a)s"),
    r"not a Parquet table: (?P<a>.+)": _("not a Parquet table: %(a)s"),
    r"cannot be unpacked: (?P<a>.+)": _("cannot be unpacked: %(a)s"),
    r"read as (?P<a>\S+)": _("read as %(a)s"),
    r"(?P<a>\d+) formulas were not evaluated: the values stored with them were read":
        _("%(a)s formulas were not evaluated: the values stored with them were read"),
    r"(?P<a>\d+) formulas have no stored value and count as blank: save the file in a spreadsheet "
    r"program first": _("%(a)s formulas have no stored value and count as blank: save the file "
                         "in a spreadsheet program first"),
    r"of the sheets only (?P<a>.+) was read, not: (?P<b>.+)":
        _("of the sheets only %(a)s was read, not: %(b)s"),
}
"""What the engine says with figures in it, by the pattern of what it says."""

KNOWN: Final = (
    # The services.
    _("the file has no usable name"),
    _("rename the file"),
    _("too few claims are decided to be fitted"),
    _("the fit needs a title of at most 120 characters"),
    _("say what the data are"),
    _("the purpose is longer than 500 characters"),
    _("shorten it"),
    _("leave out columns that are not fitted, or give CSV"),
    _("this fit was asked already"),
    _("begin another one"),
    _("the file of this fit was deleted"),
    _("upload it again"),
    _("there is no such unit"),
    _("no shipped figures of this name are of the same kind"),
    _("choose one of the list, or leave it out"),
    _("the file has no such column"),
    _("this fit was withdrawn before"),
    _("the fit ran to a figure without an end"),
    _("look at the column: its values may be all but equal"),
    # The engine's question.
    _("give zero or more"),
    _("there is no such kind of fit"),
    _("events are not counted by that"),
    _("no column is named"),
    _("choose one of the file's"),
    _("the days of notice are missing"),
    _("choose the column of the days of notice"),
    _("delays are not estimated by group"),
    _("leave the group out, or upload the groups one by one"),
    _("the column holds no amount above zero"),
    _("choose a column of numbers, such as 12500 or 12,500.00"),
    _("every amount is below the reporting floor"),
    _("give a lower floor, or none"),
    _("fewer than two rows have a day"),
    _("name a column of days such as 2026-03-02"),
    _("all events fall into one period"),
    _("count by a shorter period"),
    _("the events of each group fall into one period"),
    _("count by a shorter period, or do not count by group"),
    _("no row has both days in order"),
    _("name columns of days such as 2026-03-02"),
    _("every incident began before the source reported any"),
    _("give reports of a longer time"),
    _("choose a column of fewer values"),
    _("write amounts such as 100000,1000000"),
    _("write amounts such as 100000, 1000000"),
    _("these are not rising limits above the floor"),
    # The engine's readers of tables.
    _("the file is empty"),
    _("give a table with a header in its first row"),
    _("the file has no rows below its header"),
    _("give at least one row"),
    _("no column holds numbers or days"),
    _("this is an old or a protected Excel file"),
    _("save it as .xlsx without a password, or as CSV"),
    _("not UTF-8 or GB18030 text"),
    _("save it as UTF-8 CSV"),
    _("mend the quotes at this line"),
    _("give a whole file"),
    _("split it"),
    _("split it, or save it as CSV"),
    _("write it again"),
    _("open it in a spreadsheet program and save it as .xlsx"),
    _("save it again as .xlsx, without a password"),
    _("save it again as .xlsx"),
    _("the workbook has more markup than any table needs"),
    _("the workbook's XML is not UTF-8"),
    _("the workbook declares a document type or an entity"),
    _("save it again in a spreadsheet program, or as CSV"),
    _("the workbook keeps its texts among its sheets"),
    _("name one of them: no rate of exchange is guessed"),
)
