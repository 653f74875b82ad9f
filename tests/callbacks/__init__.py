"""Tests of the door for WeCom."""
