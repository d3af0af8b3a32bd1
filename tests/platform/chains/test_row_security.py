"""On PostgreSQL the database itself keeps chains apart, and shows a chain owner its own."""

from __future__ import annotations

