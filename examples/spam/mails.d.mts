export interface Mail {
  text: string;
  label: 'spam' | 'ham';
}

export function loadMails(): Mail[];

export function splitMails(
  mails: readonly Mail[],
  options?: { testFraction?: number; seed?: number },
): { train: Mail[]; test: Mail[] };

export function stripHeaders(mail: string): string;

export function stripHtml(html: string): string;
