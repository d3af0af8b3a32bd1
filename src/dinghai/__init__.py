"""Dinghai (定海): the engine that carries cyber insurance from evidence to a paid claim."""

__version__ = "0.1.0"
