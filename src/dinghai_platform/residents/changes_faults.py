"""Sentences of lists of changes and of lists that arrive in parts: what is wrong, and the mend.

The figures of a sentence stand as ``%(a)s`` in it, one word as ``%(w)s`` (`faults`).
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

CHANGES: Final = (
    # Rows of a list of changes.
    _("a change from %(w)s on stands already"),
    _("change it from that day on, or later"),
    _("the certificate has this plan already"),
    _("the certificate is another person's"),
    _("give the number or the person that is meant"),
    _("the certificate is of another scheme"),
    _("leave the row out, or list it for its own scheme; this is %(a)s"),
    _("the certificate stands in the list before"),
    _("the certificate was cancelled before"),
    _("another list changed the certificate meanwhile"),
    _("look at it, and list it again"),
    _("the person agreed before %(w)s"),
    _("ask again, and enrol the person by a list with the new consent"),
    _("the person does not want to renew"),
    _("the person is not enrolled in the scheme"),
    _("leave the row out, or enrol the person"),
    _("the row says nothing new"),
    _("give the right name or mobile number, or leave the row out"),
    _("the row says of nobody"),
    _("give the certificate's number or the identity number"),
    _("the scheme of the next period has no plan %(a)s"),
    _("give one of: %(a)s"),
    _("there is no such certificate in the scheme"),
    _("copy the number from the results of the enrolment"),
    _("this does not say whether the person wants to renew"),
    _("this is not the number of a certificate"),
    _("write it like %(a)s-0000000001"),
    _("this stands in the certificate already"),
    # Files.
    _("neither certificates nor identity numbers stand in the list"),
    _("neither names nor mobile numbers stand in the list"),
    _("add a column with what is right, called 新姓名 or 新手机号"),
    # Steps of a list.
    _("there is no such kind of change"),
    _("only a renewal or a cancellation may be of everybody"),
    _("there is no list"),
    _("give a list of certificates"),
    _("a list of certificates says itself who is meant"),
    _("leave the enrolment or the file out"),
    _("only a renewal goes into another scheme"),
    _("leave it out"),
    _("the scheme of the next period is missing"),
    _("name it"),
    _("the next period begins after %(w)s"),
    _("name a scheme of the next period"),
    _("the period ended on %(w)s"),
    _("name a scheme whose period is not over"),
    _("give the list up and renew into a scheme whose period is not over"),
    _("the day is missing"),
    _("give the first day of the change"),
    _("the day is before %(w)s"),
    _("give this day or a later one"),
    _("the cover ends on %(w)s"),
    _("give a day of the period"),
    _("nobody is enrolled there yet"),
    _("the list was given up"),
    _("nothing on the list can be done"),
    _("the changes hold from %(w)s on, and that day has passed"),
    _("give the list up and send it again with this day or a later one"),
    _("send the list again with this day or a later one"),
    _("%(a)s rows of those to be left out cannot be told: mend them first"),
    _("its changes stand: change the certificates again instead"),
    _("the changes do not stand yet: the faults are in the check"),
    _("this is no pace"),
    _("give 1 to %(a)s rows a second, or nothing"),
    # Lists that arrive in parts.
    _("the stream has no usable name"),
    _("give it a name without slashes"),
    _("the stream %(a)s is closed"),
    _("a part has at most %(a)s rows"),
    _("send two parts"),
    _("part %(a)s was taken with other rows"),
    _("part %(a)s comes next, not %(b)s"),
    _("%(a)s parts arrived, %(b)s were sent"),
    _("nobody in the stream can be enrolled"),
)
