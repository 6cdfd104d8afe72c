// Puts the playground on the page: GraphiQL with the ready tabs below, the top bar above.
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";
import { GraphiQL } from "graphiql";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { fetcher } from "./graphql";
import { openTab, tabs } from "./operations";
import { Replies } from "./Replies";
import { storage } from "./storage";
import { TopBar } from "./TopBar";

// GraphiQL knows the tabs, but of the open one it shows only the query unless told its variables, too.
const open = openTab();

createRoot(document.getElementById("graphiql")!).render(
  <StrictMode>
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={tabs}
      initialQuery={open?.query}
      initialVariables={open?.variables ?? undefined}
      defaultEditorToolsVisibility="variables"
    >
      <GraphiQL.Footer>
        <Replies />
      </GraphiQL.Footer>
      <TopBar />
    </GraphiQL>
  </StrictMode>,
);
