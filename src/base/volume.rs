//! What the system knows of folders: how much room is left on their volume, and who may look into them.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Bytes that are free on the volume of a folder, for a program without privileges.
///
/// # Errors
/// When the folder cannot be looked at.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let volume = rustix::fs::statvfs(folder)?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// What this process makes from now on is for its own user alone.
pub fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Makes a folder that only its owner may look into. One that is there is closed to others; where the system does not allow
/// that, the log says so and the folder is used as it is.
///
/// # Errors
/// When there is no folder and none can be made.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    restrict(folder, 0o700);
    Ok(())
}

/// Closes an existing file to everybody but its owner. Harmless when there is none.
pub fn make_private_file(file: &Path) {
    restrict(file, 0o600);
}

/// Folders that everybody writes to, such as `/tmp`, are not ours to close.
fn restrict(path: &Path, mode: u32) {
    let Ok(data) = std::fs::metadata(path) else { return };
    let now = data.permissions().mode();
    let for_others = now & 0o077;
    if for_others == 0 {
        return;
    }
    let is_shared = now & 0o1000 != 0;
    let closed = if is_shared { Ok(()) } else { std::fs::set_permissions(path, PermissionsExt::from_mode(mode)) };
    if is_shared || closed.is_err() {
        let (path, mode) = (path.display(), format!("{:o}", now & 0o7777));
        tracing::warn!(%path, mode, "other users of this machine can look at the server's data; restrict the mode");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_is_there_is_closed_and_what_everybody_uses_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("photograph-volume-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("file");
        fs::write(&file, "secret").unwrap();
        for (before, after) in [(0o755, 0o700), (0o2775, 0o700), (0o500, 0o500), (0o1777, 0o1777)] {
            fs::set_permissions(&folder, PermissionsExt::from_mode(before)).unwrap();
            make_private_folder(&folder).unwrap();
            assert_eq!(mode(&folder), after, "{before:o}");
        }
        fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        make_private_file(&file);
        make_private_file(&folder.join("none"));
        assert_eq!(mode(&file), 0o600);
        assert!(free_bytes(&folder).unwrap() > 0);
        fs::remove_dir_all(folder).unwrap();
    }
}
