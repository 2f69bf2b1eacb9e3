// Elements made by scripts; no text is ever read as markup.

/** An element: attributes by name, listeners as functions, `true` for an attribute without a value. */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child || child === 0));
  return made;
}

/** A name of data by itself, which is not translated and keeps its own direction. */
export const named = (text, attributes = {}) => h("bdi", { translate: "no", ...attributes }, text);

/** A name within a sentence: it cannot turn the direction of what stands around it. */
export const apart = (text) => `\u2068${text}\u2069`;
