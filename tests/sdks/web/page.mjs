// What a browser needs before the SDK is loaded in Node.
import { JSDOM } from 'jsdom';

/** Makes Node's globals those of an empty page, and returns its window. */
export const openPage = () => {
  // The origin differs from Burgee's, as in an application, so that every request of XMLHttpRequest is preflighted.
  const { window } = new JSDOM('<!doctype html><main></main>', { url: 'http://localhost/', pretendToBeVisual: true });
  const { document, navigator, HTMLElement, XMLHttpRequest } = window;
  for (const [name, value] of Object.entries({ window, document, navigator, HTMLElement, XMLHttpRequest })) {
    // Later versions of Node have a navigator of their own, which cannot be assigned.
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return window;
};
