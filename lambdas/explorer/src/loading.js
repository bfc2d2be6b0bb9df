// The data files: scripts that hand over their content, since a page that is opened from a folder may fetch nothing.

const waiting = new Map();
let read = 0;

/** How many files have been read. */
export const filesRead = () => read;

const arrived = new Map();

globalThis.nibrsExplorer = (content) => arrived.set(document.currentScript.src, content);

/**
 * @param {string} address of a data file, relative to the page
 * @returns {Promise<any>} what it hands over; each is read once
 */
export function load(address) {
  if (!waiting.has(address)) {
    waiting.set(address, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => {
        const content = arrived.get(script.src);
        arrived.delete(script.src);
        script.remove();
        if (content) {
          read += 1;
          resolve(content);
        } else reject(new Error(`${address} is no file of the explorer`));
      };
      script.onerror = () => {
        waiting.delete(address);
        script.remove();
        reject(new Error(`${address} could not be read`));
      };
      document.head.append(script);
    }));
  }
  return waiting.get(address);
}
