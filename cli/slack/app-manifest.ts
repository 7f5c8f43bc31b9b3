/**
 * The manifest of Gantry's Slack app as YAML, with the least scopes, each with its reason. `url` is where Gantry
 * answers, without a slash at its end. https://docs.slack.dev/reference/app-manifest
 */
export function appManifest({ url }: Readonly<{ url: string }>): string {
  const hook = JSON.stringify(`${url}/hooks/slack`); // a JSON string is a YAML one
  return `display_information:
  name: Gantry
  description: One message for each release to Cloud Run, with the buttons that decide it.
  background_color: "#1f2937"
features:
  bot_user:
    display_name: gantry
    always_online: true
  slash_commands:
    - command: /gantry
      url: ${hook}
      description: See releases, deploy a tag, roll back, freeze.
      usage_hint: status | deploy TAG | rollback SERVICE | freeze on SERVICE REASON
      should_escape: false
oauth_config:
  scopes:
    bot:
      - chat:write # post the message of a release, keep it up to date, answer the one who clicked
      - chat:write.public # in public channels that nobody invited the app to
      - commands # /gantry
      - users:read # who clicked: a guest, a bot or a deactivated account decides nothing
      - usergroups:read # who is in a group that may approve, at the moment of the click
      - channels:read # the id of the channel that a gantry.yaml names: messages are looked for by that alone
      - channels:history # find a message again whose post was not answered, so that none stands there twice
settings:
  interactivity:
    is_enabled: true
    request_url: ${hook}
  org_deploy_enabled: false
  socket_mode_enabled: false
  token_rotation_enabled: false
`;
}

/** Opens Slack's page for a new app with this manifest filled in; comments are left out to keep it short. */
export function creationLink(manifest: string): string {
  const bare = manifest.replace(/ # .*$/gm, "");
  return `https://api.slack.com/apps?new_app=1&manifest_yaml=${encodeURIComponent(bare)}`;
}
