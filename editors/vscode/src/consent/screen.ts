// Consent on the screen: VS Code's own dialog, which screen readers and keyboards know.

import * as vscode from 'vscode';
import type { Documents } from '../documents';
import type { Screen } from './ask';

export function screen(documents: Documents): Screen {
  return {
    modal: async (title, detail, buttons) => vscode.window.showWarningMessage(title, { modal: true, detail }, ...buttons),
    aside: async (title, buttons) => vscode.window.showWarningMessage(title, ...buttons),
    show: (payload) => documents.show('What would be sent.md', payload),
    tooLate: () => void vscode.window.showInformationMessage('The question has ended meanwhile. Nothing was sent.'),
  };
}
