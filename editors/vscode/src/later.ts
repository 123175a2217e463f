// A bundle of its own: what is needed with the first server and not before. Reading it takes longer than all of activation.

export { Answers } from './answers/panel';
export { connect } from './server/client';
