"""Filters: ready-made ones to use or to read, and what runs anybody's."""

from __future__ import annotations

from .ready_made import blur, cartoon, edges, grey, mirror, pixelate, sepia

__all__ = ["blur", "cartoon", "edges", "grey", "mirror", "pixelate", "sepia"]
