"""Rolefit: a Slack bot that answers questions about AI roles and helps people find theirs."""
