// Stands in for KV: what a binding sends, kept in memory.

const values = new Map();

export default {
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (request.method === 'PUT') values.set(key, await request.text());
    if (request.method === 'DELETE') values.delete(key);
    const value = values.get(key);
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  },
};
