// One answer on the page: its title, what goes on, its text, its footer, its buttons.

import type { Shown } from '../messages';
import type { Element } from '../tree';
import { button, element, make } from './elements';

export interface Actions {
  open(id: number, citation: number): void;
  file(id: number, file: number): void;
  cancel(id: number): void;
  copy(id: number): void;
  review(id: number): void;
}

export class Article {
  readonly root: HTMLElement;
  private readonly title = make('h2', '', []);
  private readonly route = make('p', 'route', []);
  private readonly body = make('div', 'body', []);
  private readonly progress = make('p', 'progress', []);
  private readonly footer = make('footer', '', []);
  private readonly buttons = make('div', 'row buttons', []);

  constructor(
    private shown: Shown,
    private readonly actions: Actions,
  ) {
    this.title.id = `title-${shown.id}`;
    this.root = make('article', '', [this.title, this.route, this.body, this.progress, this.footer, this.buttons]);
    this.root.id = `answer-${shown.id}`;
    this.root.setAttribute('aria-labelledby', this.title.id);
    this.show(shown);
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.root.dataset['state'] = shown.state;
    this.root.setAttribute('aria-busy', String(shown.state === 'running'));
    this.title.textContent = shown.title;
    this.route.textContent = shown.route;
    this.progress.textContent = shown.problem === '' ? shown.progress : `There is no answer: ${shown.problem}`;
    this.progress.classList.toggle('problem', shown.problem !== '');
    this.footer.replaceChildren(...this.facts());
    this.showButtons();
  }

  blocks(from: number, blocks: Element[]): void {
    while (this.body.childNodes.length > from) this.body.lastChild?.remove();
    this.body.append(...blocks.map((block) => element(block, (citation) => this.actions.open(this.shown.id, citation))));
  }

  private facts(): Node[] {
    const { footer, files, id } = this.shown;
    if (footer.length === 0) return [];
    const list = make(
      'dl',
      'facts',
      footer.flatMap(([label, value]) => [make('dt', '', [label]), make('dd', '', [value])]),
    );
    if (files.length === 0) return [list];
    const items = files.map((file, at) => {
      const name = file.canOpen ? button('file', file.name, () => this.actions.file(id, at)) : file.name;
      return make('li', '', [name, ` ${file.detail}`]);
    });
    const summary = make('summary', '', [files.length === 1 ? '1 file was sent' : `${files.length} files were sent`]);
    return [list, make('details', 'files', [summary, make('ul', '', items)])];
  }

  private showButtons(): void {
    const { id, state, change } = this.shown;
    const wanted: [name: string, label: string, press: () => void][] = [];
    if (state === 'running') wanted.push(['cancel', 'Cancel', () => this.actions.cancel(id)]);
    else wanted.push(['copy', 'Copy', () => this.actions.copy(id)]);
    if (change !== undefined) wanted.push(['review', change.label, () => this.actions.review(id)]);
    const key = wanted.map(([name, label]) => `${name}:${label}`).join();
    // Made anew only when they differ: a focused button keeps the focus.
    if (this.buttons.dataset['key'] === key) return;
    this.buttons.dataset['key'] = key;
    const made = wanted.map(([name, label, press]) => {
      const one = button('action', label, press);
      one.id = `${name}-${id}`;
      one.setAttribute('aria-describedby', this.title.id);
      return one;
    });
    const problems = change?.problems ?? [];
    this.buttons.replaceChildren(...made, ...problems.map((problem) => make('p', 'problem', [problem])));
  }
}
