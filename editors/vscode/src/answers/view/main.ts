// Runs inside the view: shows what it is told, tells what was chosen.

import type { AskState, FromView, Shown, ToView } from '../messages';
import { Article } from './article';

declare function acquireVsCodeApi(): { postMessage(message: FromView): void };

const host = acquireVsCodeApi();

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

const answers = byId('answers');
const empty = byId('empty');
const announce = byId('announce');
const form = byId('follow-up');
const label = byId('follow-up-label');
const text = byId('follow-up-text') as HTMLTextAreaElement;
const send = byId('follow-up-send') as HTMLButtonElement;
const newThread = byId('new-thread-box') as HTMLInputElement;
const newThreadLabel = byId('new-thread');
const articles = new Map<number, Article>();
/** The answer that the box says it goes on with. */
let goesOnWith: number | undefined;
let isServerRunning = false;
/** Words are on their way, and not taken yet. */
let isSending = false;
/** The last key was an input method's. */
let isComposing = false;

const actions = {
  open: (id: number, citation: number) => host.postMessage({ type: 'open', id, citation }),
  file: (id: number, file: number) => host.postMessage({ type: 'file', id, file }),
  cancel: (id: number) => host.postMessage({ type: 'cancel', id }),
  copy: (id: number) => host.postMessage({ type: 'copy', id }),
  review: (id: number) => host.postMessage({ type: 'review', id }),
};

function show(shown: Shown): Article {
  let article = articles.get(shown.id);
  if (article === undefined) {
    article = new Article(shown, actions);
    articles.set(shown.id, article);
    answers.append(article.root);
    announce.textContent = `Answering: ${shown.title}`;
  } else {
    const before = article.root.dataset['state'];
    article.show(shown);
    if (before === 'running' && shown.state !== 'running') announce.textContent = ended(shown);
  }
  empty.hidden = articles.size > 0;
  return article;
}

function ended(shown: Shown): string {
  if (shown.state === 'failed') return `There is no answer: ${shown.problem}`;
  return `The answer is there. ${shown.footer.map(([name, value]) => `${name}: ${value}.`).join(' ')}`;
}

function showAsk(ask: AskState): void {
  label.textContent = ask.label;
  newThreadLabel.hidden = !ask.hasThread;
  if (!ask.hasThread) newThread.checked = false;
  goesOnWith = ask.answer;
  isServerRunning = ask.isRunning;
  enable();
}

function enable(): void {
  send.disabled = !isServerRunning || isSending;
  text.disabled = !isServerRunning;
  text.readOnly = isSending;
}

/** Words that were not taken stay where they are. */
function asked(words: string, isTaken: boolean): void {
  isSending = false;
  enable();
  if (!isTaken || text.value.trim() !== words) return;
  text.value = '';
  newThread.checked = false;
}

/** Cancels the answer that has the focus, else the newest. An input method's Escape takes back a word and nothing else. */
function escape(): void {
  if (isComposing) {
    isComposing = false;
    return;
  }
  const running = [...answers.querySelectorAll<HTMLElement>('article[data-state="running"]')];
  const chosen = running.find((article) => article.contains(document.activeElement)) ?? running.at(-1);
  for (const [id, article] of articles) if (article.root === chosen) actions.cancel(id);
}

/** Whether the end is in view: then it is to stay there while the answer grows. */
function isAtEnd(): boolean {
  const { scrollTop, scrollHeight, clientHeight } = document.documentElement;
  return scrollHeight - scrollTop - clientHeight < 60;
}

window.addEventListener('message', ({ data }: MessageEvent<ToView>) => {
  const follows = isAtEnd();
  switch (data.type) {
    case 'reset':
      articles.clear();
      answers.replaceChildren();
      for (const { shown, blocks } of data.answers) show(shown).blocks(0, blocks);
      empty.hidden = articles.size > 0;
      showAsk(data.ask);
      text.value = data.draft;
      break;
    case 'answer':
      show(data.shown);
      break;
    case 'blocks':
      articles.get(data.id)?.blocks(data.from, data.blocks);
      break;
    case 'ask':
      showAsk(data.ask);
      break;
    case 'remove':
      articles.get(data.id)?.root.remove();
      articles.delete(data.id);
      break;
    case 'asked':
      asked(data.text, data.isTaken);
      break;
    case 'escape':
      escape();
      break;
    case 'focus':
      text.focus();
      break;
  }
  if (follows || data.type === 'reset') document.documentElement.scrollTop = document.documentElement.scrollHeight;
});

function submit(): void {
  const words = text.value.trim();
  if (words === '' || send.disabled) return;
  isSending = true;
  enable();
  host.postMessage({ type: 'ask', text: words, ...(newThread.checked || goesOnWith === undefined ? {} : { answer: goesOnWith }) });
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});
document.addEventListener('keydown', (event) => void (isComposing = event.isComposing), { capture: true });
text.addEventListener('keydown', (event) => {
  // An input method's Enter ends a word, not the question.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
text.addEventListener('input', () => host.postMessage({ type: 'draft', text: text.value }));

host.postMessage({ type: 'ready' });
