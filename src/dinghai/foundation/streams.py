"""Counter-based random streams: a draw is a pure function of (seed, purpose, unit, draw).

The mixer is SplitMix64's finaliser over a keyed counter. The quantile of the normal law is
Wichura's AS 241 (PPND16), with the logarithm from range reduction and a series of our own, so that
the same bytes come out on every machine: only + − × ÷ √ are used.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
_UNIT_SPACING = 1.0 / (1 << 52)  # 52 bits and a half: the largest draw stays below one


def stream_key(seed: int, purpose: str) -> np.uint64:
    """The 64-bit key of a stream: a hash of the seed and the name of what it is drawn for."""
    digest = hashlib.sha256(f"{seed}\x1f{purpose}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


@njit(uint64(uint64), cache=True, nogil=True, inline="always")
def _mix(value):  # type: ignore[no-untyped-def]
    value = (value ^ (value >> _S30)) * _MIX_A
    value = (value ^ (value >> _S27)) * _MIX_B
    return value ^ (value >> _S31)


@njit(cache=True, nogil=True, inline="always")
def uniform(key, unit, draw):  # type: ignore[no-untyped-def]
    """A float64 in the open interval (0, 1), the same on every machine."""
    lane = _mix(uint64(key) + uint64(unit) * _GOLDEN)
    bits = _mix(lane + (uint64(draw) + uint64(1)) * _GOLDEN)
    return (float(bits >> _S12) + 0.5) * _UNIT_SPACING


@njit(cache=True, nogil=True)
def _fill_uniform(key, first_unit, out):  # type: ignore[no-untyped-def]
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = uniform(key, first_unit + row, column)


def uniforms(
    seed: int, purpose: str, units: int, draws: int, *, first_unit: int = 0
) -> npt.NDArray[np.float64]:
    """Uniforms of shape (units, draws). Any cut by units gives the same numbers."""
    out = np.empty((units, draws), dtype=np.float64)
    _fill_uniform(stream_key(seed, purpose), first_unit, out)
    return out


@njit(cache=True, nogil=True)
def natural_logarithm(value):  # type: ignore[no-untyped-def]
    """ln x for x > 0 by + − × ÷ alone: x = m·2^k with m near 1, then the atanh series."""
    exponent = 0
    mantissa = value
    while mantissa > 1.4142135623730951:
        mantissa *= 0.5
        exponent += 1
    while mantissa < 0.7071067811865476:
        mantissa *= 2.0
        exponent -= 1
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    term = 1.0 / 27.0
    for denominator in (25.0, 23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
        term = term * square + 1.0 / denominator
    return 2.0 * ratio * term + exponent * 0.6931471805599453


@njit(cache=True, nogil=True)
def exponential(value):  # type: ignore[no-untyped-def]
    """e^x by + − × ÷ alone: x = k·ln 2 + r, a series for e^r, then exact doubling."""
    if value > 700.0:
        value = 700.0
    if value < -700.0:
        return 0.0
    k = math.floor(value * 1.4426950408889634 + 0.5)
    rest = value - k * 0.6931471803691238 - k * 1.9082149292705877e-10
    term = 1.0
    for n in (18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0,
              3.0, 2.0, 1.0):
        term = 1.0 + term * rest / n
    factor = 2.0 if k > 0 else 0.5
    for _ in range(abs(k)):
        term *= factor
    return term


@njit(cache=True, nogil=True, error_model="numpy")
def fill_logarithms(values, out):  # type: ignore[no-untyped-def]
    """``natural_logarithm`` of each value: the same bytes, many times faster than one by one."""
    exponent, square = np.empty(values.shape[0]), np.empty(values.shape[0])
    ratio = np.empty(values.shape[0])
    for i in range(values.shape[0]):
        mantissa, doublings = values[i], 0
        while mantissa > 1.4142135623730951:
            mantissa *= 0.5
            doublings += 1
        while mantissa < 0.7071067811865476:
            mantissa *= 2.0
            doublings -= 1
        ratio[i] = (mantissa - 1.0) / (mantissa + 1.0)
        square[i] = ratio[i] * ratio[i]
        exponent[i] = doublings
        out[i] = 1.0 / 27.0
    for denominator in (25.0, 23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
        for i in range(values.shape[0]):
            out[i] = out[i] * square[i] + 1.0 / denominator
    for i in range(values.shape[0]):
        out[i] = 2.0 * ratio[i] * out[i] + exponent[i] * 0.6931471805599453


@njit(cache=True, nogil=True, error_model="numpy")
def fill_exponentials(values, out):  # type: ignore[no-untyped-def]
    """``exponential`` of each value: the same bytes, many times faster than one by one."""
    power, rest = np.empty(values.shape[0]), np.empty(values.shape[0])
    for i in range(values.shape[0]):
        value = min(max(values[i], -700.0), 700.0)
        power[i] = np.floor(value * 1.4426950408889634 + 0.5)
        rest[i] = value - power[i] * 0.6931471803691238 - power[i] * 1.9082149292705877e-10
        out[i] = 1.0
    for n in (18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0,
              3.0, 2.0, 1.0):
        for i in range(values.shape[0]):
            out[i] = 1.0 + out[i] * rest[i] / n
    for i in range(values.shape[0]):
        factor = 2.0 if power[i] > 0.0 else 0.5
        for _ in range(int(abs(power[i]))):
            out[i] *= factor
        if values[i] < -700.0:
            out[i] = 0.0


@njit(cache=True, nogil=True)
def normal_quantile(probability):  # type: ignore[no-untyped-def]
    """The standard normal quantile, Wichura's AS 241 (1988), about 16 digits, for 0 < p < 1."""
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
                         + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r
                       + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
                     + 1.3314166789178437745e2) * r + 3.3871328727963666080e0) / (
            ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
                 + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r
               + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
             + 4.2313330701600911252e1) * r + 1.0)
    r = probability if q < 0.0 else 1.0 - probability
    r = math.sqrt(-natural_logarithm(r))
    if r <= 5.0:
        r -= 1.6
        value = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
                      + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
                    + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
                  + 4.63033784615654529590e0) * r + 1.42343711074968357734e0) / (
            ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
                 + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
               + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
             + 2.05319162663775882187e0) * r + 1.0)
    else:
        r -= 5.0
        value = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                      + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r
                    + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
                  + 5.46378491116411436990e0) * r + 6.65790464350110377720e0) / (
            ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
                 + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
               + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
             + 5.99832206555887937690e-1) * r + 1.0)
    return -value if q < 0.0 else value


@njit(cache=True, nogil=True)
def _fill_normal(uniform_values, out):  # type: ignore[no-untyped-def]
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = normal_quantile(uniform_values[row, column])


def normals(
    seed: int, purpose: str, units: int, draws: int, *, first_unit: int = 0
) -> npt.NDArray[np.float64]:
    """Standard normal draws of shape (units, draws), made of ``uniforms`` of the same names."""
    out = np.empty((units, draws), dtype=np.float64)
    _fill_normal(uniforms(seed, purpose, units, draws, first_unit=first_unit), out)
    return out
