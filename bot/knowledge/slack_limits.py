"""How long a text may be where Slack shows it; the knowledge is checked against it, and messages are made by it."""

MAX_BUTTON_TEXT = 75  # docs.slack.dev/reference/block-kit/block-elements/button-element
MAX_VIEW_TITLE = 24  # docs.slack.dev/reference/views/modal-views; its two buttons hold as much
MAX_HEADER_TEXT = 150  # docs.slack.dev/reference/block-kit/blocks/header-block
MAX_SECTION_TEXT = 3000  # docs.slack.dev/reference/block-kit/blocks/section-block
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 100, 20  # docs.slack.dev/reference/block-kit/blocks/table-block
MAX_TABLE_TEXT = 10_000  # the same page: characters over all cells of a message
