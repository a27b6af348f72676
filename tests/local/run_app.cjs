// Loaded before a Bolt app that knows nothing of the local workspace: `node --require run_app.cjs APP`.
// The app is run as it is; only the address to which @slack/web-api sends its calls is another one, SLACK_API_URL.
const { createRequire } = require("node:module");

const ofBolt = createRequire(require.resolve("@slack/bolt", { paths: [process.cwd(), ...(process.env.NODE_PATH ?? "").split(":")] }));
const name = ofBolt.resolve("@slack/web-api");
const web = ofBolt("@slack/web-api");

class WebClient extends web.WebClient {
  constructor(token, options = {}) {
    super(token, { ...options, slackApiUrl: process.env.SLACK_API_URL });
  }
}
require.cache[name].exports = { ...web, WebClient };
