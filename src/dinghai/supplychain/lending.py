"""Views of arrays that are not counted: for kernels that look into bundles millions of times.

Each time a kernel takes an array out of a bundle it counts a reference to it, and cores that share
the array wait for each other there. A view that is lent is not counted: it must not outlive what
lent it, which the arguments of the outermost kernel do not. Kernels that are given such views and
make no array of their own need not count at all.
"""

from __future__ import annotations

from typing import Any

from numba import carray, njit, types  # type: ignore[attr-defined]
from numba.extending import intrinsic


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(address), code


@njit(cache=True, nogil=True, inline="always")
def lent(array):  # type: ignore[no-untyped-def]
    """A view of an array that is not counted. Raises ValueError unless it is contiguous."""
    if not array.flags.c_contiguous:
        raise ValueError("only a contiguous array can be lent")
    address: Any = _pointer(array.ctypes.data)  # type: ignore[call-arg]
    return carray(address, array.shape, array.dtype)


def uncounted(kernel):  # type: ignore[no-untyped-def]
    """Compile a kernel that makes no array, and counts no reference to those it is given."""
    return njit(cache=True, nogil=True, _nrt=False)(kernel)  # type: ignore[call-overload]
