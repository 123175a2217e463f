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

/**
 * Why a question about something of a document with this scheme cannot be asked, or undefined. The schemes of comparisons, outputs and
 * notebook cells are none of the server's; a document that was never saved has no place in its index.
 */
export function problemOfPlace(scheme: string | undefined): string | undefined {
  switch (scheme) {
    case 'file':
      return undefined;
    case undefined:
      return 'There is nothing to ask about: put the cursor into a file first.';
    case 'untitled':
      return 'This document is no file yet. Save it, then ask about it; or ask about the workspace.';
    default:
      return 'What is shown here is no file of its own. Open the file and ask there; or ask about the workspace.';
  }
}

/** Why these words are no question, or undefined. */
export function problemOf(words: string): string | undefined {
  if (words.trim() === '') return 'Write a question.';
  const size = Buffer.byteLength(words.trim());
  return size > MOST_BYTES ? `A question has at most ${MOST_BYTES} bytes; this one has ${size}.` : undefined;
}
