// Answers the cases in the body of a request.

import { answer } from './cases.mjs';

export default {
  async fetch(request) {
    return Response.json(await answer(await request.json()));
  },
};
