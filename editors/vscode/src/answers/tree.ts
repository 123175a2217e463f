// What an answer looks like on its way into the view: elements of a fixed list, and text. No HTML exists at any point, so no text can
// become any: the view makes elements of this and sets their text.

export type Tag =
  | 'p'
  | 'h3'
  | 'h4'
  | 'h5'
  | 'h6'
  | 'ul'
  | 'ol'
  | 'li'
  | 'blockquote'
  | 'pre'
  | 'code'
  | 'em'
  | 'strong'
  | 's'
  | 'table'
  | 'thead'
  | 'tbody'
  | 'tr'
  | 'th'
  | 'td'
  | 'hr'
  | 'br';

export const TAGS: ReadonlySet<string> = new Set<Tag>([
  'p',
  'h3',
  'h4',
  'h5',
  'h6',
  'ul',
  'ol',
  'li',
  'blockquote',
  'pre',
  'code',
  'em',
  'strong',
  's',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'hr',
  'br',
]);

export type Leaf =
  | { text: string }
  /** A citation by its number in the answer: where it leads is known outside of the view. */
  | { citation: number; text: string; isVerified: boolean };

export interface Element {
  tag: Tag;
  children: Node[];
  /** The first number of an `ol`. */
  start?: number;
}

export type Node = Leaf | Element;
