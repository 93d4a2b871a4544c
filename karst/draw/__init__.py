"""Drawings of a plan, as SVG text. Pure: the same plan gives the same bytes. See docs/plan.md."""
