// Asks for consent. Whatever is not a yes is a no: the Escape key, a closed window, an error, a question that has ended meanwhile.
// No `vscode` here: what is shown goes through `Screen`.

import type { Choice, ConsentRequest } from '../protocol';
import { ALWAYS, buttons, detail, ONCE, SHOW, title } from './words';

export interface Screen {
  /** A dialog before everything else. Undefined where it is closed without an answer. */
  modal(title: string, detail: string, buttons: string[]): Promise<string | undefined>;
  /** A question that leaves the editor usable, for reading what was opened. */
  aside(title: string, buttons: string[]): Promise<string | undefined>;
  /** Opens the payload. */
  show(payload: string): Promise<void>;
  /** The question has ended while it was asked. */
  tooLate(): void;
}

export async function askConsent(request: ConsentRequest, screen: Screen, hasEnded: () => boolean): Promise<Choice> {
  const all = buttons(request);
  let said = await screen.modal(title(request), detail(request), all);
  while (said === SHOW) {
    await screen.show(request.payload);
    // What is shown is there to be read, which a dialog would prevent.
    const terms = request.terms === undefined ? '' : ` ${request.terms}`;
    said = await screen.aside(`${title(request)} Cost: at most ${request.cost.most}.${terms}`, [...all, 'Cancel']);
  }
  const choice: Choice = said === ONCE ? 'once' : said === ALWAYS && request.mayRemember ? 'workspace' : 'no';
  if (choice !== 'no' && hasEnded()) {
    screen.tooLate();
    return 'no';
  }
  return choice;
}
