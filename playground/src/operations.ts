// The ready tabs: the files of the folder `operations`, in the order of their numbers.
import { storage } from "./storage";

type Tab = { query: string; variables: string | null };

const documents = import.meta.glob<string>("../operations/*.graphql", {
  eager: true,
  import: "default",
  query: "?raw",
});
const variables = import.meta.glob<string>("../operations/*.json", { eager: true, import: "default", query: "?raw" });

export const tabs: Tab[] = Object.entries(documents)
  .sort()
  .map(([path, query]) => ({
    query: query.trim(),
    variables: variables[path.replace(/graphql$/, "json")]?.trim() ?? null,
  }));

/** The tab that is open when the page loads: as it was left, or the first. */
export function openTab(): Tab | undefined {
  const stored = storage.getItem("graphiql:tabState");
  if (!stored) return tabs[0];
  const { tabs: left, activeTabIndex } = JSON.parse(stored) as { tabs: Tab[]; activeTabIndex: number };
  return left[activeTabIndex];
}

/** The tab that publishes what was uploaded. GraphiQL takes the title of a tab from the name of its operation. */
export const publishTab = { title: "Publish", query: documents["../operations/06-publish.graphql"]!.trim() };
