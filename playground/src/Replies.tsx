// Under the response: the HTTP status of a request, or the list of what a subscription told so far.
import { pick, useGraphiQL } from "@graphiql/react";
import { useEffect, useRef } from "react";
import { replies, type Reply } from "./graphql";
import { useStore } from "./store";

export function Replies() {
  const shown = useStore(replies);
  const { responseEditor, activeTabIndex } = useGraphiQL(pick("responseEditor", "activeTabIndex"));
  const last = useRef<HTMLButtonElement>(null);
  useEffect(() => replies.set([]), [activeTabIndex]);
  useEffect(() => void last.current?.scrollIntoView({ inline: "end", block: "nearest" }), [shown]);
  const show = ({ result }: Reply) => responseEditor?.setValue(JSON.stringify(result, null, 2));
  return (
    <div className="replies" aria-label="What came back">
      {shown.map((reply, index) => (
        <button key={index} ref={last} title="Show this answer" onClick={() => show(reply)}>
          {reply.label}
        </button>
      ))}
    </div>
  );
}
