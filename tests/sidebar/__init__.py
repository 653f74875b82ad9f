"""Tests of the sidebar door, with a real sandbox as WeCom."""
