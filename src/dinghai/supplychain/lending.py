"""Views of arrays that are not counted: for kernels that look into bundles millions of times.

Each time a kernel takes an array out of a bundle it counts a reference to it, and cores that share
the array wait for each other there. A view that is lent is not counted: it must not outlive what
lent it, which the arguments of the outermost kernel do not. Kernels that are given such views and
make no array of their own need not count at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import carray, njit, types  # type: ignore[attr-defined]
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(address), code


@intrinsic
def _fetch(typing: Any, address: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        fetch = get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag]),
            "llvm.prefetch.p0")
        to_read, for_long, of_data = flag(0), flag(3), flag(1)
        builder.call(fetch, [builder.inttoptr(arguments[0], pointer), to_read, for_long, of_data])
        return context.get_dummy_value()

    return types.void(types.int64), code


@njit(cache=True, nogil=True, inline="always")
def fetch_ahead(address, place, size):  # type: ignore[no-untyped-def]
    """Have the processor fetch what stands at a place of an array of items of a size, for use soon:
    it goes on meanwhile, and nothing else changes."""
    _fetch(np.int64(address + place * size))  # type: ignore[call-arg]


@njit(cache=True, nogil=True, inline="always")
def lent(array):  # type: ignore[no-untyped-def]
    """A view of an array that is not counted. Raises ValueError unless it is contiguous."""
    if not array.flags.c_contiguous:
        raise ValueError("only a contiguous array can be lent")
    address: Any = _pointer(array.ctypes.data)  # type: ignore[call-arg]
    return carray(address, array.shape, array.dtype)


def uncounted(kernel):  # type: ignore[no-untyped-def]
    """Compile a kernel that makes no array, and counts no reference to those it is given; nor do
    those that it calls, but for `counted` ones."""
    return njit(cache=True, nogil=True, _nrt=False)(kernel)  # type: ignore[call-overload]


def counted(kernel):  # type: ignore[no-untyped-def]
    """Compile a kernel that makes arrays, and may be called by one that counts nothing."""
    return njit(cache=True, nogil=True, _nrt=True)(kernel)  # type: ignore[call-overload]
