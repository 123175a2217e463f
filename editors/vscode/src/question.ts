// What a question is about, in words. Pure.

import type { Question } from './protocol';

export const SUBJECTS = ['here', 'function', 'file', 'module', 'workspace'] as const;

/** Bytes that the server takes. */
const MOST_BYTES = 32_000;

export function subjectLabel(subject: string, hasSelection: boolean): string {
  switch (subject) {
    case 'here':
      return hasSelection ? 'the selection' : 'what is at the cursor';
    case 'function':
      return 'this function';
    case 'file':
      return 'this file';
    case 'module':
      return 'this module';
    case 'comment':
      return 'this comment';
    default:
      return 'the workspace';
  }
}

export function titleOf(question: Question, hasSelection: boolean, isPreview: boolean): string {
  const about = subjectLabel(question.subject ?? 'here', hasSelection);
  return isPreview ? `Show what a question about ${about} would send` : `Ask about ${about}`;
}

/** Why these words are no question, or undefined. */
export function problemOf(words: string): string | undefined {
  if (words.trim() === '') return 'Write a question.';
  const size = Buffer.byteLength(words.trim());
  return size > MOST_BYTES ? `A question has at most ${MOST_BYTES} bytes; this one has ${size}.` : undefined;
}
