"""Maturity: the level of a project, why, and what to do next."""
