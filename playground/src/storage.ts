// Where GraphiQL keeps its state: what is being written belongs to this browser tab, as the person does;
// how the page looks belongs to the browser. A fresh tab starts with the ready operations of this server.
import type { Storage } from "@graphiql/toolkit";

const LOOKS = ["graphiql:theme", "graphiql:docExplorerFlex", "graphiql:editorFlex", "graphiql:secondaryEditorFlex"];

function home(key: string): globalThis.Storage {
  return LOOKS.includes(key) ? localStorage : sessionStorage;
}

export const storage: Storage = {
  getItem: (key) => home(key).getItem(key),
  setItem: (key, value) => home(key).setItem(key, value),
  removeItem: (key) => home(key).removeItem(key),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length;
  },
};
