// The answers of this window, as the server tells of them. Kept in memory alone. No `vscode` here, and no view: events in, answers out.

import type { AnswerEvent, Citation, Footer } from '../protocol';
import { blocks, type Placed } from './markdown';
import type { Element } from './tree';

/** Answers that are kept; the oldest ended one goes first. */
const MOST_ANSWERS = 50;
/** Characters of an answer that are shown. No model writes as much; what does is not to fill the memory. */
const MOST_CHARACTERS = 2_000_000;

interface Segment {
  kind: 'text' | 'notice';
  text: string;
  citations: Placed[];
}

export interface Answer {
  /** Of this window. The server's numbers begin anew with each server. */
  id: number;
  question: number;
  title: string;
  kind: string;
  state: 'running' | 'done' | 'failed';
  progress: string;
  route: { isCloud: boolean; reason: string } | undefined;
  footer: Footer | undefined;
  problem: string | undefined;
  segments: Segment[];
  citations: Citation[];
  isCut: boolean;
}

export class Conversation {
  readonly answers: Answer[] = [];
  private nextId = 1;
  /** By the server's number, those that have not ended. */
  private readonly running = new Map<number, Answer>();

  get isAnswering(): boolean {
    return this.running.size > 0;
  }

  /** Takes an event in. Undefined for one that belongs to no answer: its answer has ended, or never began. */
  apply(event: AnswerEvent): Answer | undefined {
    if (event.event === 'begin') return this.begin(event);
    const answer = this.running.get(event.question);
    if (answer === undefined) return undefined;
    switch (event.event) {
      case 'routed':
        answer.route = { isCloud: event.isCloud, reason: event.reason };
        break;
      case 'progress':
        answer.progress = event.text;
        break;
      case 'notice':
        append(answer, 'notice', `${event.text}\n\n`, []);
        break;
      case 'text':
        append(answer, 'text', event.text, event.citations ?? []);
        break;
      case 'done':
        answer.footer = event.footer;
        this.end(answer, 'done');
        break;
      case 'failed':
        answer.problem = event.problem;
        this.end(answer, 'failed');
        break;
    }
    return answer;
  }

  /** What was being answered by a server that is gone will not end by itself. */
  serverGone(): Answer[] {
    const lost = [...this.running.values()];
    for (const answer of lost) {
      answer.problem = 'Tandem ended before the answer was whole. Ask again.';
      this.end(answer, 'failed');
    }
    return lost;
  }

  find(id: number): Answer | undefined {
    return this.answers.find((answer) => answer.id === id);
  }

  isRunning(question: number): boolean {
    return this.running.has(question);
  }

  private begin(event: Extract<AnswerEvent, { event: 'begin' }>): Answer {
    const answer: Answer = {
      id: this.nextId++,
      question: event.question,
      title: event.title,
      kind: event.kind,
      state: 'running',
      progress: '',
      route: undefined,
      footer: undefined,
      problem: undefined,
      segments: [],
      citations: [],
      isCut: false,
    };
    this.answers.push(answer);
    this.running.set(event.question, answer);
    if (this.answers.length > MOST_ANSWERS) {
      const oldest = this.answers.findIndex((one) => one.state !== 'running');
      if (oldest >= 0) this.answers.splice(oldest, 1);
    }
    return answer;
  }

  private end(answer: Answer, state: 'done' | 'failed'): void {
    answer.state = state;
    answer.progress = '';
    this.running.delete(answer.question);
  }
}

function append(answer: Answer, kind: Segment['kind'], text: string, citations: readonly Citation[]): void {
  const length = answer.segments.reduce((sum, segment) => sum + segment.text.length, 0);
  if (length + text.length > MOST_CHARACTERS) {
    answer.isCut = true;
    return;
  }
  let segment = answer.segments.at(-1);
  if (segment?.kind !== kind) {
    segment = { kind, text: '', citations: [] };
    answer.segments.push(segment);
  }
  for (const citation of citations) {
    segment.citations.push({ at: segment.text.length + citation.at, citation, number: answer.citations.length });
    answer.citations.push(citation);
  }
  segment.text += text;
}

/** All of an answer as blocks, in order. */
export function rendered(answer: Answer): Element[] {
  const all = answer.segments.flatMap((segment): Element[] => {
    const made = blocks(segment.text, segment.citations);
    return segment.kind === 'notice' ? [{ tag: 'blockquote', children: made }] : made;
  });
  if (answer.isCut) all.push({ tag: 'p', children: [{ text: 'The rest is longer than what is shown here.' }] });
  return all;
}

/** The text as it was written, for the clipboard. */
export function plainText(answer: Answer): string {
  const parts = answer.segments.map(({ kind, text }) => (kind === 'notice' ? text.trim().replace(/^/gm, '> ') : text.trim()));
  return parts.join('\n\n').replace(/[\uE000\uE001]/g, '');
}
