/** What customers write to a shop, by what it is about: openings and matters, every pair a message. */
const OPENINGS = ['Hello,', 'Hi there,', 'Good morning,', 'Dear team,', 'Quick question:', 'Well,'];

const MATTERS = {
  delivery: [
    'my parcel has not arrived yet.',
    'where is the package I was promised for Monday?',
    'the courier left my order at the wrong door.',
    'the tracking number of my shipment does not work.',
    'can you send the delivery to another address?',
    'it was shipped a week ago and still is not here.',
  ],
  refund: [
    'I want my money back.',
    'the lamp came broken, please refund it.',
    'how do I return the shoes? They do not fit.',
    'you charged my card twice, please pay one back.',
    'I would like to cancel the order and get a refund.',
    'the invoice is wrong, I paid too much.',
  ],
  praise: [
    'thank you, the chair is lovely.',
    'what a great shop, I will be back.',
    'your team was so kind and helpful, thanks!',
    'the best coffee I ever had, wonderful.',
    'everything was perfect, I am very happy.',
    'I love the colours, beautiful work.',
  ],
};

export const messages = Object.entries(MATTERS).flatMap(([label, matters]) =>
  matters.flatMap((matter) => OPENINGS.map((opening) => ({ text: `${opening} ${matter}`, label }))),
);
