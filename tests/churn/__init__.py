"""Tests of the churn room."""
