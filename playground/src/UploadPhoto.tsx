// "Upload a photo": the bytes of a photo travel outside of GraphQL, so GraphiQL cannot send them.
import { useRef, useState, type ChangeEvent } from "react";
import { messageOf } from "./store";
import { UploadDialog, type Progress } from "./UploadDialog";
import { upload } from "./upload";

export function UploadPhoto() {
  const input = useRef<HTMLInputElement>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const choose = async ({ target: { files } }: ChangeEvent<HTMLInputElement>) => {
    const file = files?.[0];
    if (!file) return;
    setProgress({ file });
    await report(file, (next) => setProgress((shown) => (shown?.file === file ? next : shown)));
  };
  return (
    <>
      <button className="primary" onClick={() => input.current?.click()}>
        Upload a photo
      </button>
      {/* Emptied on each click: choosing the same photo again is a change, too. */}
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onClick={({ currentTarget }) => (currentTarget.value = "")}
        onChange={choose}
      />
      {progress && <UploadDialog {...progress} close={() => setProgress(null)} />}
    </>
  );
}

/** Tells how it goes, until the end; whether anyone still looks is not its business. */
async function report(file: File, show: (progress: Progress) => void): Promise<void> {
  try {
    await upload(file, (upload) => show({ file, upload }));
  } catch (error) {
    show({ file, error: messageOf(error) });
  }
}
