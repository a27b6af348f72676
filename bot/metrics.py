"""The metrics for Prometheus: counts and durations, labelled by kinds and codes, never by what people wrote."""

from prometheus_client import Counter, Gauge, Histogram

QUICK = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)  # seconds; Slack waits for three
SLOWER = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

EVENTS = Counter("rolefit_events", "What Slack has sent", ["kind"])
LAST_EVENT = Gauge("rolefit_last_event_timestamp_seconds", "When Slack sent something last")
REQUESTS_FAILED = Counter("rolefit_requests_failed", "What Slack has sent and met an error of ours", ["error"])
ACKNOWLEDGED = Histogram("rolefit_ack_seconds", "From receiving to acknowledging", ["kind"], buckets=QUICK)
REPLIES = Counter("rolefit_replies", "What was decided about messages", ["decision", "surface"])
ANSWERED = Histogram("rolefit_answer_seconds", "From a message to the reply standing in its thread", buckets=SLOWER)
SLACK_ERRORS = Counter("rolefit_slack_errors", "What Slack refused", ["step", "code"])
DOUBTFUL = Counter("rolefit_doubtful_posts", "Posts that may have been made before, by what was found", ["outcome"])
WORK_FAILED = Counter("rolefit_work_failed", "Work that was given up; `rolefit jobs` lists it", ["error"])
WAITING = Gauge("rolefit_work_waiting", "Work that has begun and not ended, of all replicas")
INBOX = Gauge("rolefit_inbox_waiting", "Work that this replica has received and not begun")
INBOX_UNKNOWN = Gauge("rolefit_inbox_unknown", "Work left to another version, which knows it")
INBOX_TRANSACTIONS = Counter("rolefit_inbox_transactions", "Transactions in which received work was recorded")
REFUSED = Counter("rolefit_refused", "What Slack was told to send again, by why", ["reason"])
CONNECTED = Gauge("rolefit_slack_connections", "Open Socket Mode connections of this replica")
KNOWLEDGE_LOADED = Gauge("rolefit_knowledge_loaded_timestamp_seconds", "When this replica last took up its knowledge")
