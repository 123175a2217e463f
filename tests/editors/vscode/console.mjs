// What VS Code's console may say in normal use. Everything else is somebody's fault, and Tandem's until it is shown otherwise.

/** Lines of code-server itself, as it is without any extension: each with the reason. */
const KNOWN = [
  // Native modules that nothing here needs were not compiled.
  /spdlog|Could not locate the bindings file|build\/Release\/watchdog/,
  // Pages that only a server of the vendor's has.
  /Failed to load resource: the server responded with a status of (404|401)/,
  // How the web build starts its own workers and frames.
  /web worker extension host is started in a same-origin iframe/,
  /An iframe which has both allow-scripts and allow-same-origin/,
  // Its guess of a language by a model, and its search while it starts.
  /vscode-languagedetection|No search provider registered/,
  // A busy machine.
  /Creation of workbench contribution '.*' took/,
  // The sign-in of a built-in assistant that is switched off.
  /authentication provider 'github'/,
];

/** The warnings and errors of a window that are not code-server's own, and everything that names Tandem. */
export function unexpected(lines) {
  return lines.filter(({ type, text }) => {
    if (/tandem/i.test(text) && !KNOWN.some((known) => known.test(text))) return true;
    return ['warning', 'error', 'exception', 'assert'].includes(type) && !KNOWN.some((known) => known.test(text));
  });
}
