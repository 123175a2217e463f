// Runs in the page: reads ghost text from what is drawn, and writes down each change of it with the time.

/** Injected into every page before its own scripts. Everything it offers is below `window.probe`. */
export function probe() {
  if (window.top !== window) return;
  const plain = (text) => (text ?? '').replaceAll('\u00a0', ' ').replaceAll('\u200b', '');

  /** The editor that has the focus, or the only one that shows ghost text. */
  const editor = () =>
    document.querySelector('.editor-group-container.active .monaco-editor.focused') ??
    document.querySelector('.editor-group-container.active .monaco-editor');

  /** The suggestion as it is drawn in an editor: the rest of the line, then whole lines. Null without one. */
  const ghost = (within = editor()) => {
    if (!within) return null;
    const inline = [...within.querySelectorAll('.view-lines [class*="ghost-text-decoration"]')];
    const blocks = [...within.querySelectorAll('.view-zones .suggest-preview-text .view-line, .view-zones .ghost-text .view-line')];
    if (inline.length === 0 && blocks.length === 0) return null;
    const lines = [inline.map((part) => part.textContent).join(''), ...blocks.map((line) => line.textContent)];
    return plain(lines.join('\n')).replace(/\n+$/, '');
  };

  const events = [];
  let last = null;
  const look = () => {
    const now = ghost();
    if (now === last) return;
    last = now;
    events.push({ time: performance.timeOrigin + performance.now(), ghost: now });
  };
  // Before each frame is painted: what stands in the document then is what is seen.
  const frame = () => {
    look();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.addEventListener(
    'keydown',
    (event) => events.push({ time: performance.timeOrigin + performance.now(), key: event.key }),
    true,
  );
  window.probe = { ghost, editor, events, plain };
}
