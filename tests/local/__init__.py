"""The local workspace: that it speaks Slack's protocol and keeps Slack's rules."""
