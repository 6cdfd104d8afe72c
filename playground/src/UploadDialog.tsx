// How far an upload is, and where to go with it.
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { copy } from "./clipboard";
import { publishTab } from "./operations";
import { attempt } from "./store";
import { fromHere, isSettled, type Upload } from "./upload";

export type Progress = { file: File; upload?: Upload; error?: string };

export function UploadDialog({ file, upload, error, close }: Progress & { close: () => void }) {
  const isReady = upload?.status === "READY";
  const isWorking = !error && !(upload && isSettled(upload));
  return (
    <dialog className="upload" aria-label="Upload a photo" ref={open} onClose={close}>
      <h2>{file.name}</h2>
      <figure>{upload?.preview ? <img src={fromHere(upload.preview.url)} alt="Preview" /> : isWorking && <progress />}</figure>
      <p role="status">{error ?? describe(file, upload)}</p>
      {upload && <code>{upload.id}</code>}
      <menu>
        {isReady && <PublishButtons uploadId={upload.id} close={close} />}
        <button onClick={close}>Close</button>
      </menu>
    </dialog>
  );
}

function open(dialog: HTMLDialogElement | null): void {
  if (dialog && !dialog.open) dialog.showModal();
}

function PublishButtons({ uploadId, close }: { uploadId: string; close: () => void }) {
  const openPublishTab = usePublishTab();
  const publish = () => {
    close();
    openPublishTab(uploadId);
  };
  return (
    <>
      <button className="primary" onClick={publish}>
        Open in the Publish tab
      </button>
      <button onClick={() => attempt(() => copy(uploadId, "The upload ID is copied."))}>Copy ID</button>
    </>
  );
}

/** Opens the Publish tab, anew if it was closed, with an upload in its variables. */
function usePublishTab(): (uploadId: string) => void {
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick("tabs", "queryEditor", "variableEditor"));
  const { addTab, changeTab } = useGraphiQLActions();
  return (uploadId) => {
    const index = tabs.findIndex(({ title }) => title === publishTab.title);
    if (index >= 0) changeTab(index);
    else addTab();
    if (index < 0) queryEditor?.setValue(publishTab.query);
    variableEditor?.setValue(withUpload(variableEditor.getValue(), uploadId));
  };
}

/** The variables as they are, but of another upload; only that when they are no JSON. */
function withUpload(variables: string, uploadId: string): string {
  return JSON.stringify({ ...parsed(variables), uploadId }, null, 2);
}

function parsed(variables: string): object {
  try {
    return JSON.parse(variables);
  } catch {
    return {};
  }
}

function describe(file: File, upload?: Upload): string {
  if (!upload) return "Announcing it to the server…";
  switch (upload.status) {
    case "AWAITING_BYTES":
      return `Sending ${Math.ceil(file.size / 1000).toLocaleString("en")} kB…`;
    case "PROCESSING":
      return "The server is checking it and making its sizes…";
    case "READY":
      return `Ready to publish, ${upload.width} × ${upload.height} pixels.`;
    default:
      return upload.rejection?.message ?? `The upload is ${upload.status.toLowerCase()}.`;
  }
}
