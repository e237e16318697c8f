/**
 * Made-up support tickets: sentences of templates and words for four labels, some of which share
 * their words, with a share of wrong labels.
 */

/** Numbers in [0, 1) from a seed: mulberry32. */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const TEMPLATES = {
  billing: [
    'I was charged {twice} for my {plan}',
    'the {invoice} for {month} shows the wrong {amount}',
    'please {refund} the {payment} for my {plan}',
    'why did the {amount} of my {plan} go up in {month}',
    'my card was declined when I paid the {invoice}',
    'can I pay the {invoice} by {means}',
    'I want my {payment} back for {month}',
  ],
  delivery: [
    'my {parcel} has not arrived since {month}',
    'the {courier} left the {parcel} with a neighbour',
    'can I change the address of my {parcel}',
    'where is the {parcel} I paid for in {month}',
    'the {parcel} came {broken} and I want a new one',
    'the tracking of my {parcel} has not moved for {days}',
    'the {courier} says nobody was at home',
  ],
  account: [
    'I cannot {login} to my account since {month}',
    'the link to {reset} my password does not work',
    'how do I change the address of my account',
    'please delete my account and all my {data}',
    'the code to {login} never arrived',
    'I want to {login} with another email',
    'my account was locked after {days}',
  ],
  product: [
    'the {app} {crashes} when I open the {data}',
    'how do I export my {data} from the {app}',
    'the {app} is slow since {month}',
    'the {button} for the {data} does nothing',
    'it would be nice if the {app} had a dark mode',
    'the {app} {crashes} after {days}',
    'I cannot find the {button} in the {app}',
  ],
};

const WORDS = {
  twice: ['twice', 'two times', 'again', 'double', 'once more'],
  plan: ['plan', 'subscription', 'membership', 'yearly plan', 'team plan', 'order'],
  invoice: ['invoice', 'bill', 'receipt', 'statement'],
  month: ['January', 'March', 'May', 'last week', 'Monday', 'yesterday', 'the update'],
  amount: ['amount', 'price', 'tax', 'fee', 'total'],
  refund: ['refund', 'return', 'give back', 'reimburse'],
  payment: ['payment', 'money', 'fee', 'deposit'],
  means: ['bank transfer', 'card', 'cheque', 'direct debit'],
  parcel: ['parcel', 'package', 'order', 'box', 'delivery', 'shipment'],
  courier: ['courier', 'driver', 'postman', 'delivery man'],
  broken: ['broken', 'damaged', 'open', 'wet', 'crushed'],
  days: ['two days', 'a week', 'an hour', 'five minutes', 'ten tries'],
  login: ['log in', 'sign in', 'get in', 'connect'],
  reset: ['reset', 'change', 'recover', 'set'],
  data: ['data', 'report', 'files', 'photos', 'list', 'history'],
  app: ['app', 'program', 'website', 'page', 'editor'],
  crashes: ['crashes', 'freezes', 'closes', 'shows an error', 'hangs'],
  button: ['button', 'menu', 'switch', 'option'],
};

const OPENINGS = ['', '', '', 'hi, ', 'hello ', 'dear team, ', 'good morning, '];
const CLOSINGS = ['', '', '', ' please help', ' thank you', ', what now?', ' !!', ' asap'];

/**
 * @param {number} count
 * @param {number} seed
 * @param {number} noise share of examples with a label drawn at random.
 */
export function makeTickets(count, seed, noise = 0.03) {
  const random = randomNumbers(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const labels = Object.keys(TEMPLATES);
  return Array.from({ length: count }, (_, n) => {
    const topic = labels[n % labels.length];
    const body = pick(TEMPLATES[topic]).replace(/\{(\w+)\}/g, (_, slot) => pick(WORDS[slot]));
    const text = `${pick(OPENINGS)}${body}${pick(CLOSINGS)}`;
    return { text, label: random() < noise ? pick(labels) : topic };
  });
}
