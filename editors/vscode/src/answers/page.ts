// The page that the view is: a frame without content, which a script of ours fills. Nothing is fetched from anywhere, and no script
// runs but the one with the nonce.

export interface PageParts {
  script: string;
  style: string;
  /** The origin of the extension's own files. */
  source: string;
  nonce: string;
}

export function page({ script, style, source, nonce }: PageParts): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source}; form-action 'none'; base-uri 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${attribute(style)}">
<title>Tandem Answers</title>
</head>
<body>
<main id="answers" aria-label="Answers"></main>
<p id="empty">No questions yet.</p>
<div id="announce" role="status" aria-live="polite"></div>
<form id="follow-up" aria-label="Ask">
<label id="follow-up-label" for="follow-up-text"></label>
<textarea id="follow-up-text" rows="2" maxlength="30000" aria-describedby="follow-up-hint"></textarea>
<div class="row">
<button id="follow-up-send" type="submit">Ask</button>
<label id="new-thread" hidden><input id="new-thread-box" type="checkbox"> Start a new thread</label>
<span id="follow-up-hint">Enter asks, Shift+Enter begins a new line</span>
</div>
</form>
<script nonce="${attribute(nonce)}" src="${attribute(script)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
}
