"""Tests of the WeCom API client and the callback cryptography."""
