// Where a chat is: in its cell's output, or beside the notebook.

const AWAY = { word: "Back", label: "Bring the chat back into the notebook" };
const HERE = { word: "Open beside", label: "Open the chat beside the notebook" };

/** The place of a chat whose home is `el`. */
export function placeOf(el, page) {
  return new Place(el, page);
}

class Place {
  #home;
  #page;
  #other = null;
  #changed = () => {};
  #title = "Chat";
  #note = null;

  constructor(home, page) {
    this.#home = home;
    this.#page = page;
  }

  /** Whether there is another place. */
  get able() {
    return Boolean(this.#page.lab?.openBeside);
  }

  get words() {
    return this.#other ? AWAY : HERE;
  }

  watch(changed) {
    this.#changed = changed;
    return () => (this.#changed = () => {});
  }

  rename(title) {
    this.#title = title;
    this.#other?.rename(`Chat: ${title}`);
  }

  /** Move the chat's root to the other place. */
  move(root) {
    if (this.#other) return this.#other.close();
    this.#note = this.#home.ownerDocument.createElement("p");
    this.#note.className = "oxillama-panel oxillama-chat-elsewhere";
    this.#note.textContent = "This chat is open beside the notebook.";
    this.#home.append(this.#note);
    root.classList.add("beside");
    this.#other = this.#page.lab.openBeside(`Chat: ${this.#title}`, root, () => this.#back(root));
    this.#changed();
    root.querySelector("textarea")?.focus();
  }

  #back(root) {
    this.#other = null;
    this.#note.remove();
    root.classList.remove("beside");
    this.#home.append(root);
    this.#changed();
  }

  /** The home goes away. */
  end() {
    this.#other?.close();
  }
}
