"""Checks of a plan: a module a noun, a function a rule, each with what passes. See docs/plan.md."""
