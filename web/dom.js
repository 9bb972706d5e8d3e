// Making elements, and the buttons that copy. SPDX-License-Identifier: Apache-2.0

/** h('p', { class: 'note' }, 'text', child): an element; null and false children are left out. */
export function h(name, attributes, ...children) {
  const element = document.createElement(name);

  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** The same in SVG's namespace. */
export function svg(name, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);

  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Text with `code`, **strong** and /problems/x as a link, as elements. */
export function prose(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece) => {
    if (piece.startsWith('`')) return h('code', null, piece.slice(1, -1));
    if (piece.startsWith('**')) return h('strong', null, piece.slice(2, -2));
    return piece;
  });
}

/** One listener for every button with data-copy: it copies the text of the element of that id, or of its neighbour. */
export function copyButtons() {
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button.copy');

    if (!button) return;
    const from = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.parentElement.querySelector('code');
    try {
      await navigator.clipboard.writeText(from.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(from);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
}
