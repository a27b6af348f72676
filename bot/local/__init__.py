"""A local Slack-like workspace: server and page. Imports nothing from the rest of bot."""
