// What scripts say, in the language of the page: messages.js is its catalogue, made by the server.

import catalogue from "./messages.js";

const plurals = new Intl.PluralRules(catalogue.language);

const filled = (template, parts) => template.replace(/%\((\w+)\)s/g, (_, name) => parts[name]);

/** A text with its named places, `%(name)s`, filled. Write the text as a literal: extraction looks for it. */
export const t = (text, parts = {}) => filled(catalogue.texts[text] ?? text, parts);

/** The same of a number of things, `count`; `parts` may write that number more beautifully. */
export function n(one, many, count, parts = {}) {
  const forms = catalogue.texts[one] ?? { one, other: many };
  return filled(forms[plurals.select(count)] ?? forms.other, { count, ...parts });
}
