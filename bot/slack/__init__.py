"""Everything that speaks to Slack; nothing else imports its SDK."""
