// Elements of the page from an answer's tree. The only way from an answer to the page: names from a fixed list, and text.

import { type Node as Tree, TAGS } from '../tree';

/** `open` is told the number of a citation that was chosen. */
export function element(tree: Tree, open: (citation: number) => void): Node {
  if ('citation' in tree) return citation(tree, open);
  if (!('tag' in tree)) return document.createTextNode(tree.text);
  const made = document.createElement(TAGS.has(tree.tag) ? tree.tag : 'span');
  if (tree.start !== undefined) made.setAttribute('start', String(tree.start));
  // Code that is wider than the view is scrolled by keys, too.
  if (tree.tag === 'pre') made.tabIndex = 0;
  made.append(...tree.children.map((child) => element(child, open)));
  if (tree.tag !== 'table') return made;
  const frame = make('div', 'wide', []);
  frame.tabIndex = 0;
  frame.append(made);
  return frame;
}

function citation({ citation, text, isVerified }: Extract<Tree, { citation: number }>, open: (citation: number) => void): Node {
  if (!isVerified) {
    // The server writes `(unverified)` behind it, so that it is read aloud, too.
    const made = make('span', 'citation unverified', [text]);
    made.title = 'Tandem did not find this place';
    return made;
  }
  const made = button('citation', text, () => open(citation));
  made.title = `Open ${text}`;
  return made;
}

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  children: (Node | string)[],
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

export function button(className: string, label: string, press: () => void): HTMLButtonElement {
  const made = make('button', className, [label]);
  made.type = 'button';
  made.addEventListener('click', press);
  return made;
}
