"""How long a text may be where Slack shows it; the knowledge is checked against it, and messages are made by it."""

MAX_BUTTON_TEXT = 75  # docs.slack.dev/reference/block-kit/block-elements/button-element
MAX_OPTION_TEXT = 75  # docs.slack.dev/reference/block-kit/composition-objects/option-object
MAX_PLACEHOLDER = 150  # docs.slack.dev/reference/block-kit/block-elements/select-menu-element
MAX_INPUT_LABEL = 2000  # docs.slack.dev/reference/block-kit/blocks/input-block; a hint may be as long
MAX_ACTIONS = 25  # buttons in one block: docs.slack.dev/reference/block-kit/blocks/actions-block
# docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
MAX_CONFIRM_TITLE, MAX_CONFIRM_TEXT, MAX_CONFIRM_BUTTON = 100, 300, 30
MAX_VIEW_TITLE = 24  # docs.slack.dev/reference/views/modal-views; its two buttons hold as much
MAX_HEADER_TEXT = 150  # docs.slack.dev/reference/block-kit/blocks/header-block
MAX_SECTION_TEXT = 3000  # docs.slack.dev/reference/block-kit/blocks/section-block
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 100, 20  # docs.slack.dev/reference/block-kit/blocks/table-block
MAX_TABLE_TEXT = 10_000  # the same page: characters over all cells of a message
